# It needs an account before it listens to anybody, and the address that people type:
#
#   docker build -t camelid .
#   docker run --rm -it -v camelid:/data camelid account add NAME --role admin
#   docker run -v camelid:/data -p 127.0.0.1:7860:7860 \
#     -e CAMELID_PUBLIC_URL=https://study.example.org camelid
#
# Put a web server with TLS in front of port 7860. The volume has to be a local disk. Models are
# served and trained on the GPUs that the container is given (--gpus all), else on its CPU.
FROM python:3.11-slim

# Chromium draws figures as png, svg and pdf; the fonts are for Chinese.
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /camelid
COPY pyproject.toml README.md LICENSE app.py ./
COPY backend backend
COPY annotations annotations
COPY training training
COPY ui ui
RUN pip install --no-cache-dir . \
    && useradd --create-home --uid 1000 camelid \
    && install -d -o camelid -g camelid -m 700 /data

USER camelid
WORKDIR /home/camelid
ENV CAMELID_DATA=/data CAMELID_HOST=0.0.0.0
VOLUME /data
EXPOSE 7860
ENTRYPOINT ["camelid"]
CMD ["serve"]
