{{- /*
randAlphaNum 24 would differ each time, so would {{ now }} and lookup.
*/ -}}
{{- define "only-mentions.note" -}}
{{ "do not use randAlphaNum" }} nor `uuidv4`: .Release.IsUpgrade is text here
{{- end -}}
