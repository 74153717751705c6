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
app.kubernetes.io/component: queue
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

{{/* The name of a node as the others know it; the second argument is its number. */}}
{{- define "chart.node" -}}
{{- $root := index . 0 -}}
{{- $name := include "chart.name" $root -}}
rabbit@{{ $name }}-{{ index . 1 }}.{{ $name }}-headless.{{ $root.Release.Namespace }}
{{- end }}

{{- define "chart.tlsSecret" -}}
{{- .Values.tls.secretName | default (printf "%s-tls" .Release.Name) -}}
{{- end }}

{{/* What restarts the nodes when it changes, and where metrics are. */}}
{{- define "chart.podAnnotations" -}}
slipway.dev/config-digest: {{ printf "%s\n%s" (include "chart.config" .) (include "chart.definitions" .) | sha256sum | trunc 16 | quote }}
{{- if .Values.metrics.enabled }}
prometheus.io/scrape: "true"
prometheus.io/port: "15692"
prometheus.io/path: /metrics
{{- end }}
{{- end }}

{{/*
The server's configuration. Nodes find each other by name, so that none of them needs to ask the Kubernetes API.
*/}}
{{- define "chart.config" -}}
log.console = true
log.file = false
{{- if .Values.tls.only }}
listeners.tcp = none
{{- else }}
listeners.tcp.default = 5672
{{- end }}
{{- if .Values.tls.enabled }}
listeners.ssl.default = 5671
ssl_options.cacertfile = /tls/ca.crt
ssl_options.certfile = /tls/tls.crt
ssl_options.keyfile = /tls/tls.key
ssl_options.verify = verify_none
ssl_options.fail_if_no_peer_cert = false
ssl_options.versions.1 = tlsv1.3
ssl_options.versions.2 = tlsv1.2
{{- end }}
management.tcp.port = 15672
prometheus.tcp.port = 15692
default_queue_type = quorum
disk_free_limit.absolute = 500MB
vm_memory_high_watermark.relative = 0.6
collect_statistics_interval = 10000
cluster_name = {{ .Release.Name }}
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.target_cluster_size_hint = {{ .Values.nodes }}
{{- range $number := until (int .Values.nodes) }}
cluster_formation.classic_config.nodes.{{ add1 $number }} = {{ include "chart.node" (list $ $number) }}
{{- end }}
{{- if gt (int .Values.nodes) 1 }}
cluster_partition_handling = pause_minority
{{- end }}
load_definitions = /etc/rabbitmq/definitions.json
{{ end }}

{{/* Users, rights and what was asked for: loaded at every start, which brings back what is missing. */}}
{{- define "chart.definitions" -}}
{{- $host := .Values.virtualHost -}}
{{- $all := dict "configure" ".*" "write" ".*" "read" ".*" "vhost" $host -}}
{{- $users := list (dict "name" "admin" "password" .Values.adminPassword "tags" (list "administrator")) -}}
{{- $users = append $users (dict "name" .Values.username "password" .Values.password "tags" list) -}}
{{- $permissions := list (merge (dict "user" "admin") $all) (merge (dict "user" .Values.username) $all) -}}
{{- $queues := list -}}
{{- range .Values.queues -}}
{{- $arguments := dict "x-queue-type" (.type | default "quorum") -}}
{{- with .messageTtlSeconds }}{{ $_ := set $arguments "x-message-ttl" (mul (int64 .) 1000) }}{{ end -}}
{{- with .maxLength }}{{ $_ := set $arguments "x-max-length" (int64 .) }}{{ end -}}
{{- with .deadLetterQueue -}}
{{- $_ := set $arguments "x-dead-letter-exchange" "" -}}
{{- $_ := set $arguments "x-dead-letter-routing-key" . -}}
{{- end -}}
{{- $queues = append $queues (dict "name" .name "vhost" $host "durable" true "auto_delete" false "arguments" $arguments) -}}
{{- end -}}
{{- $exchanges := list -}}
{{- range .Values.exchanges -}}
{{- $exchanges = append $exchanges (dict "name" .name "vhost" $host "type" (.type | default "topic") "durable" true "auto_delete" false "internal" false "arguments" dict) -}}
{{- end -}}
{{- $bindings := list -}}
{{- range .Values.bindings -}}
{{- $bindings = append $bindings (dict "source" .exchange "vhost" $host "destination" .queue "destination_type" "queue" "routing_key" (.routingKey | default "") "arguments" dict) -}}
{{- end -}}
{{- dict "vhosts" (list (dict "name" $host "default_queue_type" "quorum")) "users" $users "permissions" $permissions "queues" $queues "exchanges" $exchanges "bindings" $bindings | toPrettyJson -}}
{{- end }}
