{{- define "hooked.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "hooked.podLabels" . }}
{{- end }}

{{- define "hooked.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "hooked.podLabels" -}}
{{ include "hooked.selector" . }}
app.kubernetes.io/part-of: {{ .Values.slipway.application | quote }}
slipway.dev/application: {{ .Values.slipway.application | quote }}
slipway.dev/environment: {{ .Values.slipway.environment | quote }}
slipway.dev/team: {{ .Values.slipway.team | quote }}
{{- end }}

{{- define "hooked.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "hooked.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "hooked.resources" -}}
requests: {cpu: 10m, memory: 16Mi}
limits: {cpu: 50m, memory: 32Mi}
{{- end }}
