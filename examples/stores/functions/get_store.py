import json
import pathlib

STORES = {s["id"]: s for s in json.loads(pathlib.Path(__file__).with_name("stores.json").read_text())}


def handler(event, context):
    store = STORES.get(event["pathParameters"]["id"])
    if store is None:
        return answer(404, {"message": "No such store"})
    return answer(200, store)


def answer(status, body):
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
    }
