{{/* The server's configuration. What comes from values is held by the schema to characters that mean nothing here. */}}
{{- define "chart.server" -}}
{{- $headers := .Values.headers -}}
# one header for all places: add_header in a location would drop those of the server. What is missing is not kept.
map "$status $uri" $cache {
  default "{{ .Values.caching.pages }}";
  {{- range .Values.caching.immutablePaths }}
  "~^(200|206|304) {{ . | replace "." "[.]" }}" "public, max-age=31536000, immutable";
  {{- end }}
}
server {
  listen 8080;
  server_name _;
  server_tokens off;
  absolute_redirect off;
  root /content;
  index {{ .Values.site.index }};

  gzip on;
  gzip_vary on;
  gzip_min_length 1024;
  gzip_types text/css text/plain text/xml application/javascript application/json application/manifest+json image/svg+xml;

  add_header Cache-Control $cache always;
  add_header X-Content-Type-Options "nosniff" always;
  add_header Referrer-Policy "{{ $headers.referrerPolicy }}" always;
  {{- with $headers.contentSecurityPolicy }}
  add_header Content-Security-Policy "{{ . }}" always;
  {{- end }}
  {{- with $headers.permissionsPolicy }}
  add_header Permissions-Policy "{{ . }}" always;
  {{- end }}
  {{- if $headers.strictTransportSecuritySeconds }}
  add_header Strict-Transport-Security "max-age={{ int $headers.strictTransportSecuritySeconds }}" always;
  {{- end }}
  {{- range $name, $value := $headers.more }}
  add_header {{ $name }} "{{ $value }}" always;
  {{- end }}

  location = /healthz {
    access_log off;
    default_type text/plain;
    return 200 "ok\n";
  }
  # what is hidden stays hidden
  location ~ /\.(?!well-known/) {
    return 404;
  }
  location / {
    {{- if .Values.site.singlePage }}
    try_files $uri $uri/ /{{ .Values.site.index }};
    {{- else }}
    try_files $uri $uri/ =404;
    {{- end }}
  }
  {{- if .Values.site.singlePage }}
  {{- range .Values.caching.immutablePaths }}
  # a file that is gone is not the application's start page
  location {{ . }} {
    try_files $uri =404;
  }
  {{- end }}
  {{- end }}
  {{- with .Values.site.notFound }}
  error_page 404 {{ . }};
  {{- end }}
}
{{- end }}
