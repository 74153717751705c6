{{/* Metadata and spec of the pods. */}}
{{- define "chart.podTemplate" -}}
{{- $class := include "chart.gpuClass" . | fromJson -}}
metadata:
  labels:
    {{- include "chart.podLabels" . | nindent 4 }}
    # its own network policy alone says what is open
    slipway.dev/network: own
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ .Release.Name | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- if .Values.distributed.enabled }}
  subdomain: {{ include "chart.workers" . | quote }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.shutdown.graceSeconds }}
  securityContext:
    {{- include "chart.podSecurityContext" . | nindent 4 }}
  {{- with $class }}
  nodeSelector:
    slipway.dev/node-pool: {{ .pool | quote }}
  {{- with .toleration }}
  tolerations:
    - key: {{ . | quote }}
      operator: Exists
      effect: NoSchedule
  {{- end }}
  {{- with .runtimeClass }}
  runtimeClassName: {{ . | quote }}
  {{- end }}
  {{- end }}
  containers:
    - name: app
      image: {{ include "chart.image" . | quote }}
      imagePullPolicy: IfNotPresent
      {{- with .Values.command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      env:
        {{- include "chart.variables" . | nindent 8 }}
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
      {{- if .Values.distributed.enabled }}
      ports:
        - name: workers
          containerPort: {{ .Values.distributed.port }}
          protocol: TCP
      {{- end }}
      resources:
        requests:
          {{- toYaml .Values.resources.requests | nindent 10 }}
        limits:
          {{- toYaml .Values.resources.limits | nindent 10 }}
          {{- with $class }}
          {{ .resource }}: {{ $.Values.gpu.count | quote }}
          {{- end }}
      securityContext:
        {{- include "chart.securityContext" . | nindent 8 }}
      volumeMounts:
        {{- include "chart.mounts" . | nindent 8 }}
  volumes:
    {{- include "chart.volumes" . | nindent 4 }}
{{- end }}

{{- define "chart.workers" -}}
{{- include "chart.shortName" . }}-workers
{{- end }}

{{- define "chart.variables" -}}
- name: SCRATCH_DIR
  value: /scratch
{{- if .Values.checkpoints.enabled }}
- name: CHECKPOINT_DIR
  value: /checkpoints
{{- end }}
{{- if .Values.data.claim }}
- name: DATA_DIR
  value: /data
{{- end }}
{{- if .Values.distributed.enabled }}
- name: WORLD_SIZE
  value: {{ .Values.completions | quote }}
- name: COORDINATOR_SERVICE
  value: {{ include "chart.workers" . | quote }}
- name: COORDINATOR_PORT
  value: {{ .Values.distributed.port | quote }}
{{- end }}
{{- with .Values.bindings }}
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
{{- end }}

{{- define "chart.mounts" -}}
- name: tmp
  mountPath: /tmp
- name: scratch
  mountPath: /scratch
- name: shared-memory
  mountPath: /dev/shm
{{- if .Values.checkpoints.enabled }}
- name: checkpoints
  mountPath: /checkpoints
{{- end }}
{{- if .Values.data.claim }}
- name: data
  mountPath: /data
  readOnly: true
{{- end }}
{{- range .Values.bindings }}
- name: binding-{{ .instance }}
  mountPath: /bindings/{{ .instance }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "chart.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
- name: scratch
  emptyDir:
    sizeLimit: {{ .Values.scratchSize }}
- name: shared-memory
  emptyDir:
    medium: Memory
    sizeLimit: {{ .Values.sharedMemorySize }}
{{- if .Values.checkpoints.enabled }}
- name: checkpoints
  persistentVolumeClaim:
    claimName: {{ include "chart.shortName" . }}-checkpoints
{{- end }}
{{- with .Values.data.claim }}
- name: data
  persistentVolumeClaim:
    claimName: {{ . | quote }}
    readOnly: true
{{- end }}
{{- range .Values.bindings }}
- name: binding-{{ .instance }}
  secret:
    secretName: {{ include "chart.bindingSecret" . | quote }}
{{- end }}
{{- end }}
