{{/* Labels of every object. */}}
{{- define "chart.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: topic
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

{{/*
The topic's name in Kafka, and its user's: one Kafka cluster serves many namespaces, and neither a namespace nor an
instance has a dot in its name, so that no two instances can mean the same.
*/}}
{{- define "chart.topic" -}}
{{ .Release.Namespace }}.{{ .Release.Name }}
{{- end }}

{{/*
A KafkaUser of this topic: (list . suffix read write secret). Its password is that of the connection Secret. Groups and
transactional ids begin with the topic's name and a dot: without the dot "order" could use those of "orders".
*/}}
{{- define "chart.user" -}}
{{- $root := index . 0 -}}
{{- $topic := include "chart.topic" $root -}}
{{- $read := index . 2 -}}
{{- $write := index . 3 -}}
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: {{ printf "%s%s" $topic (index . 1) | quote }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels:
    {{- include "chart.labels" $root | nindent 4 }}
    strimzi.io/cluster: {{ $root.Values.kafka.cluster | quote }}
spec:
  authentication:
    type: scram-sha-512
    password:
      valueFrom:
        secretKeyRef:
          name: {{ index . 4 | quote }}
          key: password
  authorization:
    type: simple
    acls:
      - resource:
          type: topic
          name: {{ $topic | quote }}
          patternType: literal
        operations:
          - Describe
          - DescribeConfigs
          {{- if $read }}
          - Read
          {{- end }}
          {{- if $write }}
          - Write
          {{- end }}
      {{- if $read }}
      - resource:
          type: group
          name: {{ printf "%s." $topic | quote }}
          patternType: prefix
        operations:
          - Describe
          - Read
      {{- end }}
      {{- if and $write $root.Values.transactions }}
      - resource:
          type: transactionalId
          name: {{ printf "%s." $topic | quote }}
          patternType: prefix
        operations:
          - Describe
          - Write
      {{- end }}
  quotas:
    producerByteRate: {{ mul (int64 $root.Values.quotas.producerKiBPerSecond) 1024 }}
    consumerByteRate: {{ mul (int64 $root.Values.quotas.consumerKiBPerSecond) 1024 }}
{{- end }}

{{/*
The connection Secret of a user: (list . suffix password name). Keys as the Service Binding Specification for
Kubernetes (https://servicebinding.io/spec/core/1.1.0/) and Strimzi's Access Operator have them.
*/}}
{{- define "chart.connection" -}}
{{- $root := index . 0 -}}
{{- $topic := include "chart.topic" $root -}}
{{- $user := printf "%s%s" $topic (index . 1) -}}
{{- $password := index . 2 -}}
{{- $servers := $root.Values.kafka.bootstrapServers -}}
{{- $first := splitList ":" (first (splitList "," $servers)) -}}
{{- $jaas := printf "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";" $user $password -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ index . 3 | quote }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels:
    {{- include "chart.labels" $root | nindent 4 }}
type: servicebinding.io/kafka
data:
  type: {{ "kafka" | b64enc }}
  provider: {{ "strimzi" | b64enc }}
  host: {{ index $first 0 | b64enc }}
  port: {{ index $first 1 | b64enc }}
  uri: {{ printf "kafka://%s" $servers | b64enc }}
  username: {{ $user | b64enc }}
  password: {{ $password | b64enc }}
  topic: {{ $topic | b64enc }}
  groupPrefix: {{ printf "%s." $topic | b64enc }}
  bootstrapServers: {{ $servers | b64enc }}
  securityProtocol: {{ "SASL_SSL" | b64enc }}
  saslMechanism: {{ "SCRAM-SHA-512" | b64enc }}
  saslJaasConfig: {{ $jaas | b64enc }}
  {{- with $root.Values.kafka.caCertificate }}
  ca.crt: {{ . | b64enc }}
  {{- end }}
{{- end }}
