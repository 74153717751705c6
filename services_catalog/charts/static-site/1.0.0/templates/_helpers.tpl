{{/* Labels of every object. */}}
{{- define "chart.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "chart.podLabels" . }}
{{- end }}

{{/* Labels of the pods: none of them changes when only the chart's version does. */}}
{{- define "chart.podLabels" -}}
{{ include "chart.selector" . }}
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

{{/* What selects the pods; never changes. */}}
{{- define "chart.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* repository:tag, or repository:tag@digest when the digest is given. */}}
{{- define "chart.image" -}}
{{- $image := printf "%s:%s" .repository .tag -}}
{{- with .digest }}{{ $image = printf "%s@%s" $image . }}{{ end -}}
{{- $image -}}
{{- end }}

{{/* Safe pod settings under whatever the expert values override (false and 0 included). */}}
{{- define "chart.podSecurityContext" -}}
{{- $context := dict "runAsNonRoot" true "runAsUser" 101 "runAsGroup" 101 "fsGroup" 101 "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- range $key, $value := .Values.podSecurityContext }}{{ $_ := set $context $key $value }}{{ end -}}
{{- toYaml $context -}}
{{- end }}

{{/* Safe container settings under whatever the expert values override (false and 0 included). */}}
{{- define "chart.securityContext" -}}
{{- $capabilities := dict "drop" (list "ALL") -}}
{{- range $key, $value := .Values.securityContext.capabilities }}{{ $_ := set $capabilities $key $value }}{{ end -}}
{{- $context := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true -}}
{{- range $key, $value := .Values.securityContext }}{{ $_ := set $context $key $value }}{{ end -}}
{{- $_ := set $context "capabilities" $capabilities -}}
{{- toYaml $context -}}
{{- end }}

{{/* The namespace from which requests of the outside come. */}}
{{- define "chart.entrance" -}}
{{- with .Values.ingress }}{{ ternary .gateway.namespace .controllerNamespace (eq .via "gateway") }}{{ end -}}
{{- end }}
