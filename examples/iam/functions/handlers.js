"use strict";

module.exports.index = async () => ({ statusCode: 200, body: "Anybody may see this.\n" });

// The gateway has verified the signature and asked the policies; the function only hears who called.
module.exports.stores = async (event) => ({
  statusCode: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ caller: event.requestContext.identity.userArn, stores: ["Harbour Street", "Old Market", "Lakeside"] }),
});
