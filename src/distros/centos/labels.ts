/** Labels of the Dockerfile that CentOS 7 was published with (sig-cloud-instance-build, containerbuild.sh), but for when that was. */
export const centosLabels: Readonly<Record<string, string>> = {
  "org.label-schema.schema-version": "1.0",
  "org.label-schema.name": "CentOS Base Image",
  "org.label-schema.vendor": "CentOS",
  "org.label-schema.license": "GPLv2",
  "org.opencontainers.image.title": "CentOS Base Image",
  "org.opencontainers.image.vendor": "CentOS",
  "org.opencontainers.image.licenses": "GPL-2.0-only",
};
