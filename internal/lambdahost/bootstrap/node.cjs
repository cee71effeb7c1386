'use strict';
// The Node runtime client of Gatehouse: loads a handler and serves it through the Lambda Runtime API.
//
// It speaks HTTP/1.1 by hand on one socket, and sends the response of one invocation together with the
// poll for the next: one write and one read for each invocation. What handlers see (arguments, context,
// console, error documents) follows the AWS Lambda developer guide, "Building Lambda functions with
// Node.js".

const net = require('net');
const fs = require('fs');
const path = require('path');
const util = require('util');
const { Writable } = require('stream');

const env = process.env;
const api = env.AWS_LAMBDA_RUNTIME_API;
const taskRoot = env.LAMBDA_TASK_ROOT;
const base = '/2018-06-01/runtime/';
const poll = `GET ${base}invocation/next HTTP/1.1\r\nHost: ${api}\r\n\r\n`;

// ---- errors ------------------------------------------------------------------------------------

// fault makes an error whose name is a runtime error type.
function fault(type, message, cause) {
  const e = new Error(message);
  e.name = `Runtime.${type}`;
  if (cause && cause.stack) e.stack = cause.stack;
  return e;
}

function isError(e) {
  return util.types.isNativeError(e) ||
    (e && typeof e.name === 'string' && e.name !== '' && typeof e.message === 'string' && e.message !== '' && typeof e.stack === 'string');
}

// describe is the error document of whatever was thrown.
function describe(e) {
  try {
    if (isError(e)) return { errorType: e.name, errorMessage: e.message, trace: String(e.stack).split('\n') };
    return { errorType: typeof e, errorMessage: e === null ? 'null' : e.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

// typeHeader is the error type for the platform's statistics.
function typeHeader(e) {
  const t = isError(e) ? e.name : '';
  return /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/.test(t) ? t : 'Function.Unknown';
}

// enumerable shows the fields of an error that JSON would leave out.
function enumerable(_key, v) {
  if (!(v instanceof Error)) return v;
  const shown = Object.assign({ errorType: v.name, errorMessage: v.message, code: v.code }, v);
  if (typeof v.stack === 'string') shown.stack = v.stack.split('\n');
  return shown;
}

// ---- console -----------------------------------------------------------------------------------

const levels = { trace: 0, debug: 1, info: 2, warn: 3, error: 4, fatal: 5 };
const jsonLog = env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const lowest = levels[String(env.AWS_LAMBDA_LOG_LEVEL || '').toLowerCase()] ?? 0;
const pause = new Int32Array(new SharedArrayBuffer(4));
let requestId;

// write puts a line on stdout, waiting when the pipe is full.
function write(text) {
  let b = Buffer.from(text);
  while (b.length > 0) {
    try {
      b = b.subarray(fs.writeSync(1, b));
    } catch (e) {
      if (e.code !== 'EAGAIN') return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

function writeText(level, message) {
  write(`${new Date().toISOString()}\t${requestId}\t${level}\t${message.replaceAll('\n', '\r')}\n`);
}

function log(level, args) {
  if (levels[level] < lowest) return;
  const name = level.toUpperCase();
  if (!jsonLog) {
    writeText(name, util.format(...args));
    return;
  }
  const line = { timestamp: new Date().toISOString(), level: name, requestId };
  const failed = args.find((a) => a instanceof Error);
  line.message = args.length === 1 && !failed ? args[0] : util.format(...args);
  if (failed) {
    line.errorType = failed.constructor?.name ?? 'UnknownError';
    line.errorMessage = failed.message;
    line.stackTrace = typeof failed.stack === 'string' ? failed.stack.split('\n') : [];
  }
  let text;
  try {
    text = JSON.stringify(line);
  } catch {
    line.message = util.format(...args);
    text = JSON.stringify(line);
  }
  write(text + '\n');
}

console.log = (...a) => log('info', a);
for (const level of Object.keys(levels)) console[level] = (...a) => log(level, a);

// logFailure logs an error in the form of the managed runtimes.
function logFailure(title, e) {
  if (jsonLog) {
    log('error', [e]);
    return;
  }
  let text;
  try {
    text = JSON.stringify(e, enumerable);
  } catch {
    text = JSON.stringify(describe(e));
  }
  writeText('ERROR', `${title} \t${text}`);
}

// ---- Runtime API -------------------------------------------------------------------------------

// waiting holds what each outstanding answer is for, in order: null for a poll, else a function that
// is called when the answer to a POST has arrived.
const waiting = [];
let socket;
let chunks = [];
let have = 0;
let need = 0;

function connect() {
  const [host, port] = api.split(':');
  socket = net.connect({
    host, port: Number(port), noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafe(64 << 10),
      callback(n, buffer) {
        received(buffer, n);
        return true;
      },
    },
  });
  // Without its Runtime API an environment is of no use.
  socket.on('error', () => process.exit(1));
  socket.on('close', () => process.exit(0));
}

// received takes n bytes of a buffer that will be used again.
function received(buffer, n) {
  let data = buffer.subarray(0, n);
  if (have > 0) {
    chunks.push(Buffer.from(data));
    have += n;
    if (have < need) return;
    data = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    chunks = [];
    have = need = 0;
  }
  while (data.length > 0) {
    const end = data.indexOf('\r\n\r\n');
    if (end < 0) {
      keep(data, data.length + 1);
      return;
    }
    const head = data.latin1Slice(0, end).split('\r\n');
    const headers = {};
    for (let i = 1; i < head.length; i++) {
      const colon = head[i].indexOf(':');
      headers[head[i].slice(0, colon).toLowerCase()] = head[i].slice(colon + 1).trim();
    }
    const total = end + 4 + Number(headers['content-length'] || 0);
    if (data.length < total) {
      keep(data, total);
      return;
    }
    const body = data.utf8Slice(end + 4, total);
    data = data.subarray(total);
    if (data.length > 0) data = Buffer.from(data); // the handler may run before we are back
    answered(Number(head[0].slice(9, 12)), headers, body);
  }
}

function keep(data, total) {
  chunks = [Buffer.from(data)];
  have = data.length;
  need = total;
}

function answered(status, headers, body) {
  const then = waiting.shift();
  if (then) {
    then(status);
  } else if (then === null && status === 200) {
    invoke(headers, body);
  } else if (then === null) {
    write(`the runtime API refused a poll: ${status} ${body}\n`);
    process.exit(1);
  }
}

function post(where, headers, body) {
  return `POST ${base}${where} HTTP/1.1\r\nHost: ${api}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const nothing = () => {};

// reply answers the invocation and asks for the next one in the same write.
function reply(id, verb, headers, body) {
  waiting.push(nothing, null);
  socket.ref();
  socket.write(post(`invocation/${id}/${verb}`, headers, body) + poll);
}

// replyBytes is reply for a body that is a Buffer.
function replyBytes(id, headers, body) {
  waiting.push(nothing, null);
  socket.ref();
  socket.write(Buffer.concat([
    Buffer.from(`POST ${base}invocation/${id}/response HTTP/1.1\r\nHost: ${api}\r\n${headers}Content-Length: ${body.length}\r\n\r\n`),
    body, Buffer.from(poll)]));
}

function failureHeaders(e) {
  return `Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: ${typeHeader(e)}\r\n`;
}

// last reports an error after which the process ends.
function last(where, e, code) {
  waiting.push(() => process.exit(code));
  socket.ref();
  socket.write(post(where, failureHeaders(e), JSON.stringify(describe(e))));
}

// ---- invocations -------------------------------------------------------------------------------

let handler;
let streaming = false;
let asyncHandler = false;
let running = null; // request id of the invocation at hand
let whenIdle = null; // what to do when the event loop is empty
let initialised = false;

function fail(id, e) {
  if (running !== id) return;
  logFailure('Invoke Error', e);
  running = null;
  reply(id, 'error', failureHeaders(e), JSON.stringify(describe(e)));
}

function succeed(id, result) {
  if (running !== id) return;
  let body;
  try {
    body = JSON.stringify(result === undefined ? null : result);
    if (body === undefined) body = 'null';
  } catch {
    fail(id, fault('JSONStringifyError', 'Unable to stringify response body'));
    return;
  }
  running = null;
  reply(id, 'response', 'Content-Type: application/json\r\n', body);
}

// build is the context object; done is called at most once for each invocation.
function build(id, headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parse = (name) => {
    const v = headers[name];
    return v ? JSON.parse(Buffer.from(v, 'latin1').toString()) : undefined;
  };
  let finished = false;
  const done = (e, result) => {
    if (finished) return;
    finished = true;
    whenIdle = null;
    if (e !== undefined && e !== null) fail(id, e);
    else succeed(id, result);
  };
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse('lambda-runtime-client-context'),
    identity: parse('lambda-runtime-cognito-identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: id,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done,
    succeed: (result) => done(null, result),
    fail: (e) => done(e === undefined || e === null ? 'handled' : e),
  };
  const callback = (e, result) => {
    if (finished) return;
    if ((e !== undefined && e !== null) || !context.callbackWaitsForEmptyEventLoop) {
      done(e, result);
      return;
    }
    finished = true;
    whenIdle = () => succeed(id, result);
  };
  return { context, callback, done };
}

function invoke(headers, body) {
  const id = headers['lambda-runtime-aws-request-id'];
  requestId = id;
  running = id;
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else if (env._X_AMZN_TRACE_ID !== undefined) delete env._X_AMZN_TRACE_ID;
  // The socket must not keep the event loop alive while the handler runs: an empty loop means that
  // nothing more will come of it.
  socket.unref();
  if (streaming) {
    stream(id, headers, body);
    return;
  }
  let made;
  try {
    made = build(id, headers);
    whenIdle = () => {
      if (asyncHandler) {
        fail(id, fault('NodeJsExit', 'The asynchronous function did not resolve before the event loop was empty'));
      } else {
        succeed(id, null);
      }
    };
    const result = handler(JSON.parse(body), made.context, made.callback);
    if (result && typeof result.then === 'function') {
      result.then(made.context.succeed, made.context.fail);
    }
  } catch (e) {
    if (made) made.done(e ?? 'handled');
    else fail(id, e);
  }
}

process.on('beforeExit', () => {
  const f = whenIdle;
  whenIdle = null;
  if (f) f();
});

// ---- response streaming ------------------------------------------------------------------------

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const PRELUDE = 'application/vnd.awslambda.http-integration-response';

// ResponseStream collects a streamed response and sends it when it has ended.
class ResponseStream extends Writable {
  #parts = [];
  #type = 'application/octet-stream';

  setContentType(type) {
    this.#type = type;
  }

  _write(chunk, encoding, callback) {
    if (this._onBeforeFirstWrite) {
      const first = this._onBeforeFirstWrite;
      this._onBeforeFirstWrite = undefined;
      first((part) => this.#parts.push(Buffer.from(part)));
    }
    this.#parts.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk));
    callback();
  }

  collected() {
    if (this._onBeforeFirstWrite) this._onBeforeFirstWrite((part) => this.#parts.push(Buffer.from(part)));
    return Buffer.concat(this.#parts);
  }

  headers() {
    return `Content-Type: ${this.#type.replace(/[\r\n]/g, '')}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n`;
  }
}

async function stream(id, headers, body) {
  const out = new ResponseStream({ highWaterMark: handler[HIGH_WATER_MARK] || undefined });
  const ended = new Promise((resolve, reject) => out.once('finish', resolve).once('error', reject));
  ended.catch(nothing);
  whenIdle = () => fail(id, fault('NodeJsExit', 'The response stream was not ended before the event loop was empty'));
  try {
    const { context } = build(id, headers);
    const returned = handler(JSON.parse(body), out, context);
    if (!returned || typeof returned.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
    if ((await returned) !== undefined) console.warn('Streaming handlers ignore return values.');
    await ended;
    whenIdle = null;
    if (running === id) {
      running = null;
      replyBytes(id, out.headers(), out.collected());
    }
  } catch (e) {
    whenIdle = null;
    fail(id, e);
  }
}

if (!['1', 'true'].includes(env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) {
  globalThis.awslambda = {
    streamifyResponse(fn, options) {
      fn[STREAMING] = 'response';
      if (typeof options?.highWaterMark === 'number') fn[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
      return fn;
    },
    HttpResponseStream: class HttpResponseStream {
      static from(under, prelude) {
        under.setContentType(PRELUDE);
        const text = JSON.stringify(prelude);
        under._onBeforeFirstWrite = (put) => {
          put(text);
          put(new Uint8Array(8));
        };
        return under;
      }
    },
  };
}

// ---- the handler -------------------------------------------------------------------------------

// esm reports whether .js files in a directory are ES modules: what the nearest package.json says.
function esm(dir) {
  for (; ; dir = path.dirname(dir)) {
    if (dir.endsWith('/node_modules')) return false;
    let text;
    try {
      text = fs.readFileSync(path.join(dir, 'package.json'), 'utf8');
    } catch {
      if (dir === path.dirname(dir)) return false;
      continue;
    }
    try {
      return JSON.parse(text).type === 'module';
    } catch (e) {
      console.warn(`${path.join(dir, 'package.json')} cannot be read, it will be ignored for ES module detection purposes.`, e);
      return false;
    }
  }
}

async function load(dir, name) {
  const file = path.resolve(taskRoot, dir, name);
  const isFile = (f) => fs.statSync(f, { throwIfNoEntry: false })?.isFile();
  const url = (f) => require('url').pathToFileURL(f).href;
  if (isFile(file)) return require(file);
  const modules = esm(path.dirname(file));
  if (!modules && isFile(file + '.js')) return require(file + '.js');
  if (modules && isFile(file + '.js')) return import(url(file + '.js'));
  if (isFile(file + '.mjs')) return import(url(file + '.mjs'));
  if (isFile(file + '.cjs')) return require(file + '.cjs');
  return require(require.resolve(name, { paths: [taskRoot, path.resolve(taskRoot, dir)] }));
}

async function find(text) {
  if (text.includes('..')) {
    throw fault('MalformedHandlerName', `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const name = path.basename(text);
  const dir = text.slice(0, text.indexOf(name));
  const dot = name.indexOf('.');
  if (dot < 0) throw fault('MalformedHandlerName', 'Bad handler');
  let found;
  try {
    found = await load(dir, name.slice(0, dot));
  } catch (e) {
    if (e instanceof SyntaxError) throw fault('UserCodeSyntaxError', String(e), e);
    if (e?.code === 'MODULE_NOT_FOUND' || e?.code === 'ERR_MODULE_NOT_FOUND') throw fault('ImportModuleError', String(e));
    throw e;
  }
  for (const key of name.slice(dot + 1).split('.')) found = found?.[key];
  if (!found) throw fault('HandlerNotFound', `${text} is undefined or not exported`);
  if (typeof found !== 'function') throw fault('HandlerNotFound', `${text} is not a function`);
  const mode = found[STREAMING];
  if (mode && mode !== 'response') throw fault('MalformedStreamingHandler', 'Only response streaming is supported.');
  const release = /^AWS_Lambda_nodejs(\d+)\.x$/.exec(env.AWS_EXECUTION_ENV || '');
  if (!mode && found.length >= 3 && release && Number(release[1]) >= 24) {
    throw fault('CallbackHandlerDeprecated', 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.');
  }
  return found;
}

function crash(title, e, code) {
  logFailure(title, e);
  if (!initialised) {
    last('init/error', e, code);
  } else if (running !== null) {
    const id = running;
    running = null;
    last(`invocation/${id}/error`, e, code);
  } else {
    process.exit(code);
  }
}

process.on('uncaughtException', (e) => crash('Uncaught Exception', e, 129));
process.on('unhandledRejection', (reason, promise) => {
  const e = fault('UnhandledPromiseRejection', String(reason));
  e.reason = reason;
  e.promise = promise;
  crash('Unhandled Promise Rejection', e, 128);
});

connect();
find(env._HANDLER).then((found) => {
  handler = found;
  streaming = Boolean(found[STREAMING]);
  asyncHandler = found.constructor?.name === 'AsyncFunction';
  initialised = true;
  waiting.push(null);
  socket.ref();
  socket.write(poll);
}).catch((e) => crash('Uncaught Exception', e, 129));
