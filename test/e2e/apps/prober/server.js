const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { connect } = require('node:net');

const timeoutMs = 2_000;

/** `connected`, or why not. */
function tryConnect(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (text) => {
      socket.destroy();
      resolve(text);
    };
    socket.on('connect', () => end('connected'));
    socket.on('timeout', () => end('timeout'));
    socket.on('error', ({ code }) => end(code));
  });
}

function tryWrite(path) {
  try {
    writeFileSync(path, 'x');
    return 'written';
  } catch ({ code }) {
    return code;
  }
}

const read = (path) => (existsSync(path) ? readFileSync(path, 'latin1').trim() : undefined);
/** The gateway of the default route, as /proc/net/route has it: little-endian hex. */
const gateway = () => {
  const line = read('/proc/net/route')
    .split('\n')
    .map((row) => row.split('\t'))
    .find((fields) => fields[1] === '00000000');
  return line?.[2]
    .match(/../g)
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
};

function identity() {
  return {
    uid: process.getuid(),
    gid: process.getgid(),
    capabilities: read('/proc/self/status').match(/CapEff:\s+(\S+)/)[1],
    noNewPrivileges: read('/proc/self/status').match(/NoNewPrivs:\s+(\S+)/)[1],
    memoryLimit: Number(read('/sys/fs/cgroup/memory.max') ?? read('/sys/fs/cgroup/memory/memory.limit_in_bytes')),
    pidsLimit: Number(read('/sys/fs/cgroup/pids.max') ?? read('/sys/fs/cgroup/pids/pids.max')),
    engineSocket: existsSync('/var/run/docker.sock') || existsSync('/run/docker.sock'),
    gateway: gateway(),
    writeEtc: tryWrite('/etc/x'),
    writeUsr: tryWrite('/usr/x'),
    writeTmp: tryWrite('/tmp/x'),
    processes: require('node:fs')
      .readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name)).length,
    env: Object.keys(process.env),
  };
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://prober');
  const targets = searchParams.getAll('target').map((target) => target.split(':'));
  const answer =
    pathname === '/connect'
      ? await Promise.all(targets.map(([host, port]) => tryConnect(host, Number(port))))
      : identity();
  response.end(JSON.stringify(answer));
}).listen(process.env.PORT, '0.0.0.0');
