// Sends prepared requests over keep-alive connections, as fast as they are answered or at a given rate; a process of its own, so that it
// neither shares an event loop nor a core with the server. Plain sockets: Node's HTTP client costs more than the fastest server that is measured.
// Reads its task as JSON from standard input and writes the result as JSON to standard output.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const task = JSON.parse(readFileSync(0, 'utf8'));
const {
  host,
  port,
  connections,
  warmUpMs,
  warmUpRequests = 0,
  warmUpAtMostMs = 0,
  measureMs,
  expectedStatus,
  serverPid,
  requestsPerSecond,
} = task;
const requests =
  task.requestsFile === undefined
    ? task.requests.map((text) => Buffer.from(text, 'utf8'))
    : partsOf(readFileSync(task.requestsFile));

let next = 0;
let measuring = false;
let answered = 0;
let stopped = false;
let latencies = new Float64Array(1 << 16);
let count = 0;
let unexpected = 0;
let example;

/** The texts between zero bytes; each ends with one. */
function partsOf(bytes) {
  const parts = [];
  for (let begin = 0, end; begin < bytes.length; begin = end + 1) {
    end = bytes.indexOf(0, begin);
    parts.push(bytes.subarray(begin, end));
  }
  return parts;
}

/** Milliseconds of processor time that a process has used, all threads; Linux only. */
function processorMs(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime, in clock ticks of 10 ms
  } catch {
    return undefined;
  }
}

function record(ms) {
  if (count === latencies.length) {
    const larger = new Float64Array(count * 2);
    larger.set(latencies);
    latencies = larger;
  }
  latencies[count++] = ms;
}

/** Bytes that the answer at the start of the text is long, or -1 while it is not complete. */
function lengthOf(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return -1;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2));
  if (length !== null) {
    const whole = head + 4 + Number(length[1]);
    return text.length >= whole ? whole : -1;
  }
  const end = text.indexOf('\r\n0\r\n\r\n', head);
  return end < 0 ? -1 : end + 7;
}

/** Connections that wait for a request to become due; used only at a given rate. */
const idle = [];
let due = 0;

/**
 * At a given rate a request's time runs from the moment when it was due, so that one that had to wait for a connection, because others
 * were slow, is slow too. Never sleeps: timers of a millisecond would send in bursts.
 */
function sendWhatIsDue() {
  const now = performance.now();
  for (; due <= now && idle.length > 0; due += 1000 / requestsPerSecond) idle.pop()(due);
  if (!stopped) setImmediate(sendWhatIsDue);
}

function open() {
  const socket = connect({ host, port, noDelay: true });
  let text = '';
  let begin = 0;
  const send = (since) => {
    begin = since;
    socket.write(requests[next++ % requests.length]);
  };
  const proceed = () => {
    if (requestsPerSecond === undefined) send(performance.now());
    else idle.push(send);
  };
  socket.setEncoding('latin1'); // one character a byte, so that lengths are those of the header
  socket.on('connect', proceed);
  socket.on('data', (chunk) => {
    text = text === '' ? chunk : text + chunk;
    const length = lengthOf(text);
    if (length < 0) return;
    answered++;
    if (measuring) {
      record(performance.now() - begin);
      if (!text.startsWith(`HTTP/1.1 ${expectedStatus} `)) {
        unexpected++;
        example ??= text.slice(0, 600);
      }
    }
    text = '';
    if (!stopped) proceed();
  });
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => stopped || fail('the server closed a connection'));
}

function fail(message) {
  process.stdout.write(JSON.stringify({ error: message }));
  process.exit(0);
}

for (let i = 0; i < connections; i++) open();
if (requestsPerSecond !== undefined) {
  due = performance.now();
  sendWhatIsDue();
}

/** A slow server has to answer as often as a fast one before its code is as hot; but not without end. */
const warmUpBegin = performance.now();
const warmingUp = setInterval(() => {
  const ms = performance.now() - warmUpBegin;
  if (ms < warmUpMs || (answered < warmUpRequests && ms < warmUpAtMostMs)) return;
  clearInterval(warmingUp);
  measuring = true;
  const begin = performance.now();
  const processorBegin = processorMs(serverPid);
  setTimeout(() => {
    measuring = false;
    stopped = true;
    const seconds = (performance.now() - begin) / 1000;
    const processorEnd = processorMs(serverPid);
    if (count === 0) return fail('no answer within the time of measurement');
    const sorted = latencies.subarray(0, count).sort();
    const at = (part) => sorted[Math.min(count - 1, Math.floor(count * part))];
    const processor =
      processorBegin === undefined || processorEnd === undefined
        ? {}
        : { microsecondsPerRequest: ((processorEnd - processorBegin) * 1000) / count };
    process.stdout.write(
      JSON.stringify({
        requestsPerSecond: count / seconds,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        unexpected,
        example,
        ...processor,
      }),
      () => process.exit(0),
    );
  }, measureMs);
}, 20);
