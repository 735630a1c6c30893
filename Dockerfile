# One image for server, worker and router: docker-compose.yml starts each with its own command.
# BASE_IMAGE may be any Debian 12 image, e.g. one imported from mmdebstrap where no registry can be reached (docs/docker-compose.md).
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates libatomic1 nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/shipway
COPY package.json package-lock.json shipway ./
COPY server ./server
COPY buildpacks ./buildpacks
COPY runtime ./runtime
# A site with a CA of its own mounts nothing here: it gives the bundle as a build argument of its base image.
RUN ./shipway --version \
 && .tools/node_modules/.bin/node node_modules/vite/bin/vite.js build server/dashboard \
 && .tools/node_modules/.bin/node .tools/node_modules/npm/bin/npm-cli.js prune --omit=dev --ignore-scripts

FROM ${BASE_IMAGE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates git iptables libatomic1 mmdebstrap \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/shipway /opt/shipway
ENV PATH=/opt/shipway/.tools/node_modules/.bin:$PATH SHIPWAY_DATA=/var/lib/shipway
WORKDIR /opt/shipway
VOLUME /var/lib/shipway
CMD ["node", "server/main.ts"]
