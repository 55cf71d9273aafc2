# The stand-in for apps.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-minimal python3-psycopg python3-pymongo python3-redis socat \
    && rm -rf /var/lib/apt/lists/* && useradd --uid 1000 probe
COPY probe/probe /usr/local/bin/probe
ENV PYTHONUNBUFFERED=1
USER probe
CMD ["probe"]
