{{- define "inner.token" -}}
{{- .Values.token | default (randAlpha 20) -}}
{{- end -}}
