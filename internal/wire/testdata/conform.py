# Calls every operation of the named services with every member set, and prints as JSON what it sent and what
# it read in the answer. Names of members are in small letters, times are seconds, blobs are base64.
import base64, datetime, json, sys

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

AT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def sample(shape, name, depth=0):
    kind = shape.type_name
    if kind == "structure":
        return {} if depth > 8 else {k: sample(v, k, depth + 1) for k, v in shape.members.items()}
    if kind == "list":
        return [] if depth > 8 else [sample(shape.member, name + str(i), depth + 1) for i in range(2)]
    if kind == "map":
        return {k: sample(shape.value, k, depth + 1) for k in ("k.1", "b & c")}
    if kind == "string":
        return shape.enum[0] if shape.enum else name + " %41+&=/é<>\"'~*"
    if kind == "timestamp":
        return AT
    if kind == "blob":
        return b"\x00\xff" + name.encode()
    return {"boolean": True, "float": 0.5, "double": 0.5}.get(kind, 7)


def plain(shape, value):
    kind = shape.type_name
    if kind == "structure":
        return {k.lower(): plain(shape.members[k], v) for k, v in value.items() if k in shape.members}
    if kind == "list":
        return [plain(shape.member, v) for v in value]
    if kind == "map":
        return {k: plain(shape.value, v) for k, v in value.items()}
    if kind == "timestamp":
        return value.timestamp()
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "string" and not isinstance(value, str):  # botocore reads the policies of IAM
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


session, out = botocore.session.get_session(), {}
for service in sys.argv[2:]:
    client = session.create_client(service, endpoint_url=sys.argv[1], config=Config(
        signature_version=UNSIGNED, parameter_validation=False, retries={"total_max_attempts": 1}))
    model = client.meta.service_model
    for op in model.operation_names:
        o = model.operation_model(op)
        given = sample(o.input_shape, op) if o.input_shape else {}
        try:
            answer = client._make_api_call(op, given)
        except ClientError as e:
            if e.response["Error"]["Code"] in ("InvalidAction", "NotImplemented"):
                continue
            raise
        out[service + ":" + op] = {
            "sent": plain(o.input_shape, given) if o.input_shape else {},
            "read": plain(o.output_shape, answer) if o.output_shape else {},
        }
json.dump(out, sys.stdout)
