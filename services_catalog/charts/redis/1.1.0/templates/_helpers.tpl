{{/* A StatefulSet's name goes into a label with an 11 character suffix, so it must stay under 53. */}}
{{- define "chart.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{/* Labels of every object. */}}
{{- define "chart.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "chart.podLabels" . }}
{{- end }}

{{/* Labels of the pods: none of them changes when only the chart's version does. */}}
{{- define "chart.podLabels" -}}
{{ include "chart.selector" . }}
app.kubernetes.io/component: cache
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

{{/* Safe pod settings under whatever the expert values override (false and 0 included). */}}
{{- define "chart.podSecurityContext" -}}
{{- $context := dict "runAsNonRoot" true "runAsUser" 999 "runAsGroup" 999 "fsGroup" 999 "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") -}}
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

{{/* What restarts the server when it changes, and where metrics are. */}}
{{- define "chart.podAnnotations" -}}
slipway.dev/config-digest: {{ include "chart.config" . | sha256sum | trunc 16 | quote }}
{{- if .Values.metrics.enabled }}
prometheus.io/scrape: "true"
prometheus.io/port: "9121"
prometheus.io/path: /metrics
{{- end }}
{{- end }}

{{/* The server's configuration. */}}
{{- define "chart.config" -}}
port 6379
dir /data
{{- if .Values.dangerousCommands }}
requirepass {{ .Values.password }}
{{- else }}
user default on >{{ .Values.password }} ~* &* +@all -@admin -@dangerous +info
{{- end }}
maxmemory {{ .Values.maxMemory | replace "Mi" "mb" | replace "Gi" "gb" }}
maxmemory-policy {{ .Values.eviction }}
{{- if .Values.persistence.enabled }}
appendonly yes
appendfsync {{ .Values.persistence.fsync }}
{{- else }}
appendonly no
save ""
{{- end }}
{{ end }}
