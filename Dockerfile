# A container image of the program and the C library, and nothing else: docker build -t signalbox .
# docs/installing.md says how it is started.
FROM debian:12 AS build
WORKDIR /src
COPY . .
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && tools/package --tarball

FROM scratch
COPY --from=build /src/build/package/root/ /
COPY --from=build --chown=65532:65532 /src/build/package/root.owned/ /
ENV DATA_DIR=/data SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/bin/signalbox", "healthcheck"]
ENTRYPOINT ["/usr/bin/signalbox"]
CMD ["serve"]
