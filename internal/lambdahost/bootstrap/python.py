"""The Python runtime client of Gatehouse: loads a handler and serves it through the Lambda Runtime API.

It speaks HTTP/1.1 by hand on one socket, and sends the response of one invocation together with the
poll for the next: one write and one read for each invocation. What handlers see (event, context,
logging, error documents) follows the AWS Lambda developer guide, "Building Lambda functions with Python".
"""
import decimal
import importlib
import json
import logging
import math
import os
import socket
import sys
import time
import traceback

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime/"
POLL = ("GET %sinvocation/next HTTP/1.1\r\nHost: %s\r\n\r\n" % (BASE, API)).encode()
JSON_LOG = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
LOG_LEVEL = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
ASCII = sys.version_info < (3, 12)

request_id = ""


class Fault(Exception):
    """An error of the runtime itself, with its type and its trace."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = "Runtime." + kind
        self.trace = trace or []


# ---- JSON ------------------------------------------------------------------------------------------


def _default(value):
    if isinstance(value, decimal.Decimal):
        if value.is_nan():
            return math.nan
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(repr(value) + " is not JSON serializable")


_encode = json.JSONEncoder(ensure_ascii=ASCII, default=_default).encode


def to_json(value):
    return _encode(value).encode("utf-8", "surrogatepass")


# ---- the log ---------------------------------------------------------------------------------------


class _Formatter(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        record.aws_request_id = request_id
        if not JSON_LOG:
            return super().format(record).replace("\n", "\r")
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": request_id,
        }
        if record.exc_info and record.exc_info[0]:
            line["errorType"] = record.exc_info[0].__name__
            line["errorMessage"] = str(record.exc_info[1])
            line["stackTrace"] = traceback.format_tb(record.exc_info[2])
        return json.dumps({k: v for k, v in line.items() if v is not None}, default=str)


class _Handler(logging.Handler):
    def emit(self, record):
        sys.stdout.write(self.format(record) + "\n")
        sys.stdout.flush()


def setup_logging():
    handler = _Handler()
    handler.setFormatter(
        _Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    if isinstance(logging.getLevelName(LOG_LEVEL), int):
        root.setLevel(LOG_LEVEL)


def log_error(document):
    if JSON_LOG:
        line = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "ERROR"}
        line.update(document)
        text = json.dumps(line, default=str)
    else:
        lines = ["[ERROR] %s: %s" % (document["errorType"], document["errorMessage"])]
        lines.append("Traceback (most recent call last):")
        for entry in document["stackTrace"]:
            for line in entry.splitlines():
                bare = line.lstrip(" ")
                lines.append("\u00a0" * (len(line) - len(bare)) + bare)
        text = "\r".join(lines).replace("\n", "\r")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# ---- errors ----------------------------------------------------------------------------------------


def document(message, kind, trace, for_request):
    return {"errorMessage": message or "", "errorType": kind or "", "requestId": for_request or "", "stackTrace": trace or []}


def describe(error, for_request):
    """The error document of an exception; frames of this file do not show."""
    if isinstance(error, Fault):
        return document(str(error), error.kind, error.trace, for_request)
    frames = traceback.extract_tb(error.__traceback__)
    mine = 0
    while mine < len(frames) and frames[mine].filename == __file__:
        mine += 1
    if mine == len(frames):
        mine = 0
    return document(str(error), type(error).__name__, traceback.format_list(frames[mine:]), for_request)


# ---- Runtime API -----------------------------------------------------------------------------------


class Client:
    """One connection; requests may be sent ahead, answers come in order."""

    def __init__(self):
        host, port = API.split(":")
        self.sock = socket.create_connection((host, int(port)))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def send(self, data):
        self.sock.sendall(data)

    def post(self, where, headers, body):
        head = "POST %s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n" % (
            BASE, where, API, headers, len(body))
        return head.encode("latin-1", "replace") + body

    def answer(self):
        """Reads one answer: status, headers with lower-case names, body."""
        data = self.data
        end = data.find(b"\r\n\r\n")
        while end < 0:
            data += self._more()
            end = data.find(b"\r\n\r\n")
        lines = data[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length") or 0)
        rest = data[end + 4:]
        if len(rest) < length:
            parts, have = [rest], len(rest)
            while have < length:
                part = self._more()
                parts.append(part)
                have += len(part)
            rest = b"".join(parts)
        self.data = rest[length:]
        return int(lines[0][9:12]), headers, rest[:length]

    def _more(self):
        part = self.sock.recv(65536)
        if not part:
            os._exit(0)  # without its Runtime API an environment is of no use
        return part


# ---- what handlers see -----------------------------------------------------------------------------


class Client_:
    """context.client_context.client"""


class ClientContext:
    __slots__ = ("custom", "env", "client")


class CognitoIdentity:
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = self._client(headers.get("lambda-runtime-client-context"))
        self.identity = self._identity(headers.get("lambda-runtime-cognito-identity"))
        self._epoch_deadline_time_in_ms = int(headers["lambda-runtime-deadline-ms"])

    @staticmethod
    def _parse(text, what):
        try:
            return json.loads(text.encode("latin-1").decode("utf-8"))
        except Exception as e:
            raise Fault("LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (what, e))

    def _client(self, text):
        if not text:
            return None
        given = self._parse(text, "Client Context")
        made = ClientContext()
        made.custom, made.env, made.client = given.get("custom"), given.get("env"), None
        if given.get("client"):
            made.client = Client_()
            for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
                setattr(made.client, name, given["client"].get(name))
        return made

    def _identity(self, text):
        made = CognitoIdentity()
        given = self._parse(text, "Cognito Identity") if text else {}
        made.cognito_identity_id = given.get("cognitoIdentityId")
        made.cognito_identity_pool_id = given.get("cognitoIdentityPoolId")
        return made

    def get_remaining_time_in_millis(self):
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))
        sys.stdout.flush()

    def __repr__(self):
        return "LambdaContext([aws_request_id=%s,function_name=%s])" % (self.aws_request_id, self.function_name)


# ---- the handler -----------------------------------------------------------------------------------


def find(text):
    try:
        module, name = text.rsplit(".", 1)
    except ValueError as e:
        raise Fault("MalformedHandlerName", "Bad handler '%s': %s" % (text, e))
    if module.split(".")[0] in sys.builtin_module_names:
        raise Fault("BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as e:
        raise Fault("ImportModuleError", "Unable to import module '%s': %s" % (module, e))
    except SyntaxError as e:
        raise Fault("UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, e),
                    ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)])
    try:
        return getattr(loaded, name)
    except AttributeError:
        raise Fault("HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module))


def run_once(handler, headers, body):
    """Runs one invocation: the verb and the body of what to post."""
    try:
        context = LambdaContext(headers)
        try:
            event = json.loads(body)
        except Exception as e:
            raise Fault("UnmarshalError", "Unable to unmarshal input: %s" % e)
        result = handler(event, context)
        try:
            return "response", to_json(result)
        except Exception as e:
            raise Fault("MarshalError", "Unable to marshal response: %s" % e)
    except Exception as e:
        failed = describe(e, context_id(headers))
        log_error(failed)
        return "error", to_json(failed)


def context_id(headers):
    return headers.get("lambda-runtime-aws-request-id", "")


def serve():
    global request_id
    # The script's own directory is no place for the function's imports.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    client = Client()
    setup_logging()
    try:
        handler = find(os.environ["_HANDLER"])
    except Exception as e:
        failed = describe(e, "")
        log_error(failed)
        kind = failed["errorType"] if isinstance(e, Fault) else "Function.Unknown"
        client.send(client.post("init/error", "Lambda-Runtime-Function-Error-Type: %s\r\n" % kind, to_json(failed)))
        client.answer()
        sys.exit(1)

    client.send(POLL)
    environ = os.environ
    while True:
        status, headers, body = client.answer()
        if status != 200:
            sys.stderr.write("the runtime API refused a poll: %d %r\n" % (status, body))
            sys.exit(1)
        request_id = context_id(headers)
        trace = headers.get("lambda-runtime-trace-id")
        if trace:
            environ["_X_AMZN_TRACE_ID"] = trace
        elif "_X_AMZN_TRACE_ID" in environ:
            del environ["_X_AMZN_TRACE_ID"]
        verb, out = run_once(handler, headers, body)
        extra = "Lambda-Runtime-Function-Error-Type: Function.Unknown\r\n" if verb == "error" else ""
        sys.stdout.flush()
        client.send(client.post("invocation/%s/%s" % (request_id, verb), extra, out) + POLL)
        client.answer()  # of the POST; the one of the poll follows


if __name__ == "__main__":
    serve()
