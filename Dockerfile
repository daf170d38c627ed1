# The programs and the dbt project: docker build --tag genie-observability:0.1.0 .
FROM python:3.11.9-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DBT_PROFILES_DIR=/opt/genie-observability/profiles

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin genie
WORKDIR /opt/genie-observability

COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY warehouse warehouse
COPY ingest ingest
COPY exporters exporters
COPY dashboards dashboards
COPY provision provision
COPY demo demo
RUN pip install --constraint constraints.txt '.[postgres]'

COPY dbt_project.yml ./
COPY profiles profiles
COPY models models
COPY macros macros
COPY seeds seeds
COPY snapshots snapshots
COPY tests/dbt tests/dbt
COPY ops/container-entrypoint /usr/local/bin/container-entrypoint
RUN mkdir var target logs && chown genie:genie var target logs

USER 10001:10001
ENTRYPOINT ["/usr/local/bin/container-entrypoint"]
CMD ["genie-exporter", "serve", "--listen", "0.0.0.0:9108"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9108/-/healthy', timeout=4)"]
