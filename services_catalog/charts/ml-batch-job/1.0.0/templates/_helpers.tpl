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
{{- $image := printf "%s:%s" .Values.image.repository .Values.image.tag -}}
{{- with .Values.image.digest }}{{ $image = printf "%s@%s" $image . }}{{ end -}}
{{- $image -}}
{{- end }}

{{/* Safe pod settings under whatever the expert values override (false and 0 included). */}}
{{- define "chart.podSecurityContext" -}}
{{- $context := dict "runAsNonRoot" true "runAsUser" 10001 "runAsGroup" 10001 "fsGroup" 10001 "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") -}}
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

{{/* The Secret of a connection. */}}
{{- define "chart.bindingSecret" -}}
{{- .secret | default (printf "%s-connection" .instance) -}}
{{- end }}

{{/* The chosen GPU class as JSON; an empty mapping for none. */}}
{{- define "chart.gpuClass" -}}
{{- if eq .Values.gpu.class "none" -}}
{}
{{- else -}}
{{- get .Values.gpuClasses .Values.gpu.class | required (printf "There is no GPU class %s." .Values.gpu.class) | toJson -}}
{{- end -}}
{{- end }}

{{/* What a Job computes cannot be changed, so a digest of it is in its name: another content is another Job. The name
stays short enough for the host names of its pods. */}}
{{- define "chart.jobName" -}}
{{- $how := list .Values.run .Values.mode .Values.completions .Values.finalExitCodes -}}
{{- $content := list (include "chart.podTemplate" .) $how .Values.env .Values.secretEnv -}}
{{- printf "%s-%s" (include "chart.shortName" .) ($content | toJson | sha256sum | trunc 8) -}}
{{- end }}

{{- define "chart.shortName" -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- end }}
