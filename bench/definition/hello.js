// The function that both Gatehouse and serverless-offline call: as little as a real one does.
exports.handler = async (event) => ({
  statusCode: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ path: event.path, method: event.httpMethod }),
});
