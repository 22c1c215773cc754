FROM scratch
ADD base-amd64.tar.xz /
LABEL org.example.name="test" \
      org.example.quote="a \"b\" \$c \\d"
ENV PATH="/usr/bin:/bin"
ENV LANG="C.UTF-8"
EXPOSE 8080/tcp
WORKDIR /
USER 65532:65532
CMD ["sh","-c","echo \"$HOME\""]
