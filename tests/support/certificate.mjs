// A certificate for one name, by an authority of its own.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Makes both in this folder: the files of the authority, of the certificate and of its key. */
export function makeCertificate(folder, name) {
  const file = (what) => join(folder, `${what}.pem`);
  const openssl = (...words) => execFileSync("openssl", words, { stdio: "pipe" });
  const fresh = (what) => ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file(`${what}-key`), "-subj", `/CN=${what}`];
  openssl(...fresh("authority"), "-x509", "-days", "2", "-out", file("authority"));
  openssl(...fresh("server"), "-addext", `subjectAltName=DNS:${name}`, "-out", file("request"));
  openssl("x509", "-req", "-in", file("request"), "-copy_extensions", "copy", "-CA", file("authority"), "-CAkey", file("authority-key"), "-CAcreateserial", "-days", "2", "-out", file("server"));
  return { authority: file("authority"), certificate: file("server"), key: file("server-key") };
}
