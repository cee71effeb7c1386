"use strict";

const stores = require("./stores.json");

module.exports.handler = async () => ({
  statusCode: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ stores }),
});
