{{/* Labels of every object. */}}
{{- define "chart.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: {{ .Values.application | quote }}
slipway.dev/application: {{ .Values.application | quote }}
slipway.dev/environment: {{ .Values.environment | quote }}
slipway.dev/team: {{ .Values.team | quote }}
{{- end }}

{{/* What developers of the team may do here: edit where the platform says so, else look. */}}
{{- define "chart.developerRole" -}}
{{- if has .Values.environment .Values.access.editEnvironments }}edit{{ else }}view{{ end -}}
{{- end }}
