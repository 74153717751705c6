{{/* Labels of every object. */}}
{{- define "chart.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: bucket
{{- with .Values.slipway.application }}
app.kubernetes.io/part-of: {{ . | quote }}
slipway.dev/application: {{ . | quote }}
{{- end }}
{{- with .Values.slipway.environment }}
slipway.dev/environment: {{ . | quote }}
{{- end }}
{{- with .Values.slipway.team }}
slipway.dev/team: {{ . | quote }}
{{- end }}
{{- end }}

