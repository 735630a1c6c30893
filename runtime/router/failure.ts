/** What the router can have to say instead of the app's answer: Heroku's codes, statuses and descriptions. */
export interface Failure {
  /** `H12`; undefined for what is no app's matter. */
  readonly code: string | undefined;
  readonly status: number;
  readonly level: 'error' | 'warning' | 'info';
  /** The log line's `desc=`, and the `id` of the JSON answer in its own way. */
  readonly description: string;
  readonly id: string;
  /** What it is, for whoever sees the page. */
  readonly meaning: string;
  /** What the app's owner does next. */
  readonly next: string;
}

function error(code: string, description: string, meaning: string, next: string, status = 503): Failure {
  const id = description.toLowerCase().replaceAll(/[^a-z]+/g, '_');
  return { code, status, level: 'error', description, id, meaning, next };
}

export const failures = {
  H10: error(
    'H10',
    'App crashed',
    'The app crashed and is waiting to be restarted.',
    'Run `shipway logs --tail` to see why it exited; a new deploy or `shipway ps:restart` starts it at once.',
  ),
  H12: error(
    'H12',
    'Request timeout',
    'The app took too long to begin its answer.',
    'Run `shipway logs` for the request, and move work that takes longer into a background process.',
  ),
  H13: error(
    'H13',
    'Connection closed without response',
    'The app closed the connection without an answer.',
    'Run `shipway logs`: the process probably crashed or was stopped while it served this request.',
  ),
  H14: error(
    'H14',
    'No web processes running',
    'The app has no web process running.',
    'Run `shipway ps:scale web=1` to start one, or add a `web` line to the Procfile.',
  ),
  H15: error(
    'H15',
    'Idle connection',
    'The connection was idle for too long.',
    'Send a byte more often than every 55 seconds on streams and WebSockets (a ping or a comment).',
  ),
  H17: error(
    'H17',
    'Poorly formatted HTTP response',
    'The app sent an answer that is not valid HTTP.',
    'Check the status line, the headers and the Content-Length that the app or its web server writes.',
  ),
  H18: error(
    'H18',
    'Server Request Interrupted',
    'The app closed the connection in the middle of the request.',
    'Run `shipway logs`: the process probably crashed, or closed before it had read or written everything.',
  ),
  H19: error(
    'H19',
    'Backend connection timeout',
    'No connection to the app came about in time.',
    'The process may be overloaded: look at `shipway ps` and scale up with `shipway ps:scale`.',
  ),
  H20: error(
    'H20',
    'App boot timeout',
    'The app did not start in time.',
    'Run `shipway logs`: the web process must listen on 0.0.0.0:$PORT soon after it starts.',
  ),
  H21: error(
    'H21',
    'Backend connection refused',
    'The app refused the connection.',
    'Run `shipway logs`: the web process must listen on 0.0.0.0:$PORT for as long as it runs.',
  ),
  H25: error(
    'H25',
    'HTTP restriction',
    "The app's answer is beyond a limit of the router.",
    'Send fewer or shorter headers: one line may have 512 KB, all together 1 MB.',
    502,
  ),
  H26: error(
    'H26',
    'Request Error',
    'The request is not valid HTTP.',
    'Check the client that sent it; the app never saw this request.',
    400,
  ),
  /** An Expect that is not 100-continue: RFC 9110 section 10.1.1. */
  H26Expect: error(
    'H26',
    'Request Error',
    'The request expects something else than 100-continue.',
    'Send `Expect: 100-continue` or no Expect header; the app never saw this request.',
    417,
  ),
  H27: {
    ...error('H27', 'Client Request Interrupted', 'The client closed the connection.', 'Nothing is wrong here.', 499),
    level: 'warning',
  },
  H28: error(
    'H28',
    'Client Connection Idle',
    'The client stopped in the middle of the request.',
    'Check the connection of the client.',
    499,
  ),
  H80: {
    ...error(
      'H80',
      'Maintenance mode',
      'The app is in maintenance and will be back.',
      'Run `shipway maintenance:off` to end it.',
    ),
    level: 'info',
  },
  H81: error('H81', 'Blank app', 'There is nothing here yet.', 'Deploy the app with `git push shipway main`.', 502),
  unknownHost: {
    code: undefined,
    status: 404,
    level: 'info',
    description: 'No such app',
    id: 'not_found',
    meaning: 'No app answers to this host name.',
    next: 'Check the name; `shipway apps` lists the apps, `shipway domains:add` gives one another host name.',
  },
  serverAway: {
    code: undefined,
    status: 503,
    level: 'error',
    description: "Shipway's server is restarting",
    id: 'unavailable',
    meaning: 'Apps keep serving in the meantime.',
    next: 'Try again in a few seconds. If it stays away, run `shipway status` on its machine.',
  },
} as const satisfies Record<string, Failure>;
