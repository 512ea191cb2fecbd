# syntax=docker/dockerfile:1
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
ENV GOMODCACHE=/cache/mod GOCACHE=/cache/build
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache go mod download
COPY . .
RUN --mount=type=cache,target=/cache \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/passhook ./cmd/passhook
# A volume takes over the owner of the folder it is mounted on.
RUN mkdir -p /out/data

FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /out/passhook /passhook
COPY --from=build --chown=65532:65532 /out/data /data
# A number, because some hosts refuse names; the same for ever, because the
# files on the volume belong to it.
USER 65532:65532
ENV PORT=8080 DATA_DIR=/data
EXPOSE 8080
WORKDIR /etc/passhook
# There is no shell in this image, so the binary asks its own /healthz: whether
# the process is alive. /readyz is for who sends requests.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/passhook", "healthz"]
ENTRYPOINT ["/passhook"]
CMD ["serve"]
