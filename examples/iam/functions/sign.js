"use strict";

// Signature Version 4 for a GET without a body, in plain Node. In a project of your own, aws4 or an SDK does this.

const crypto = require("crypto");

const hmac = (key, text) => crypto.createHmac("sha256", key).update(text).digest();
const sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex");

module.exports.sign = (url, { region, accessKeyId, secretAccessKey, sessionToken }) => {
  const { host, pathname } = new URL(url);
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const day = date.slice(0, 8);
  const headers = { host, "x-amz-date": date, "x-amz-security-token": sessionToken };
  const names = Object.keys(headers).sort();
  const canonical = ["GET", pathname, "", ...names.map((n) => `${n}:${headers[n]}`), "", names.join(";"), sha256("")].join("\n");
  const scope = `${day}/${region}/execute-api/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = [day, region, "execute-api", "aws4_request"].reduce(hmac, "AWS4" + secretAccessKey);
  const signature = hmac(key, toSign).toString("hex");
  delete headers.host;
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return headers;
};
