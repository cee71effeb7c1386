"use strict";

// On AWS the URL comes from serverless.yml. `gatehouse dev` tells functions where it listens.
const storesUrl = process.env.GATEHOUSE_URL
  ? `${process.env.GATEHOUSE_URL}/${process.env.STAGE}/stores`
  : process.env.STORES_URL;

module.exports.handler = async () => {
  const answer = await fetch(storesUrl, { headers: { "x-api-key": process.env.STORES_API_KEY } });
  if (!answer.ok) {
    return {
      statusCode: 502,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message: `GET /stores answered ${answer.status}` }),
    };
  }
  const { stores } = await answer.json();
  const items = stores.map((s) => `    <li>${s.name}, ${s.city}</li>`).join("\n");
  return {
    statusCode: 200,
    headers: { "Content-Type": "text/html; charset=utf-8" },
    body: `<!doctype html>\n<html>\n  <h1>Our stores</h1>\n  <ul>\n${items}\n  </ul>\n</html>\n`,
  };
};
