# One image for every stage; docker-compose.yml says which command each container runs.

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The environment that is shipped has no pip: nothing can be added to it later.
RUN python -m venv --without-pip /opt/despatch
COPY requirements.lock ./
RUN pip --python /opt/despatch/bin/python install \
      --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY ingest ingest
COPY processors processors
COPY alerts alerts
COPY despatch despatch
COPY seeds seeds
# Nothing more is fetched: what builds the package is in the lock file too.
RUN pip --python /opt/despatch/bin/python install --no-index --no-deps --no-build-isolation .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Despatch" \
      org.opencontainers.image.description="Watches government releases and tells people about the ones that matter to them, with the reason." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# A number that docker-compose.yml repeats: files on a volume belong to it.
RUN groupadd --gid 10001 despatch \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/despatch \
      --shell /usr/sbin/nologin despatch \
 && install --directory --owner=despatch --group=despatch --mode=0700 /var/lib/despatch
COPY --from=build /opt/despatch /opt/despatch
ENV PATH=/opt/despatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    DESPATCH_HOME=/var/lib/despatch
USER 10001:10001
WORKDIR /var/lib/despatch
EXPOSE 8000
# Which address is alive depends on the command, so docker-compose.yml says it.
HEALTHCHECK NONE
ENTRYPOINT ["despatch"]
CMD ["--help"]
