{{/* What one run is. */}}
{{- define "chart.pod" -}}
restartPolicy: Never
serviceAccountName: {{ .Release.Name | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.shutdown.graceSeconds }}
securityContext:
  {{- include "chart.podSecurityContext" . | nindent 2 }}
containers:
  - name: app
    image: {{ include "chart.image" . | quote }}
    imagePullPolicy: IfNotPresent
    {{- with .Values.command }}
    command:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with .Values.args }}
    args:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with .Values.bindings }}
    env:
      - name: SERVICE_BINDING_ROOT
        value: /bindings
      {{- range . }}
      {{- if .env }}
      - name: {{ .env | quote }}
        valueFrom:
          secretKeyRef:
            name: {{ include "chart.bindingSecret" . | quote }}
            key: {{ .key | default "uri" | quote }}
      {{- end }}
      {{- end }}
    {{- end }}
    {{- if or .Values.env .Values.secretEnv }}
    envFrom:
      {{- if .Values.env }}
      - configMapRef:
          name: {{ .Release.Name }}-env
      {{- end }}
      {{- if .Values.secretEnv }}
      - secretRef:
          name: {{ .Release.Name }}-secret-env
      {{- end }}
    {{- end }}
    resources:
      {{- toYaml .Values.resources | nindent 6 }}
    securityContext:
      {{- include "chart.securityContext" . | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- range .Values.bindings }}
      - name: binding-{{ .instance }}
        mountPath: /bindings/{{ .instance }}
        readOnly: true
      {{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: {{ .Values.tmpSize }}
  {{- range .Values.bindings }}
  - name: binding-{{ .instance }}
    secret:
      secretName: {{ include "chart.bindingSecret" . | quote }}
  {{- end }}
{{- end }}
