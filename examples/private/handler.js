"use strict";

module.exports.stores = async (event) => ({
  statusCode: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ through: event.requestContext.identity.vpceId, stores: ["Harbour Street", "Old Market", "Lakeside"] }),
});
