import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useAction } from '../api/actions.ts';
import { appPath, keys } from '../api/queries.ts';
import { type App, appSchema } from '../api/schemas.ts';
import { Failure } from '../parts/messages.tsx';
import { navigate } from '../parts/navigation.tsx';
import { useNotice } from '../parts/notice.tsx';
import { nameRule } from '../rules/app-name.ts';

export function SettingsPage({ app }: { readonly app: App }) {
  return (
    <div className="settings">
      <Maintenance app={app} />
      <Rename app={app} />
      <Destroy app={app} />
    </div>
  );
}

function Maintenance({ app }: { readonly app: App }) {
  const change = useAction(app.name, (maintenance: boolean) => ({
    method: 'PATCH',
    path: appPath(app.name),
    body: { maintenance },
  }));
  return (
    <section aria-labelledby="maintenance-title">
      <h2 id="maintenance-title">Maintenance mode</h2>
      <label className="switch">
        <input
          type="checkbox"
          role="switch"
          aria-checked={app.maintenance}
          checked={app.maintenance}
          disabled={change.isPending}
          onChange={(event) => change.mutate(event.target.checked)}
        />
        Maintenance mode
      </label>
      <p className="muted">
        While it is on, the router answers every request with 503 and a maintenance page. Instances go on running.
      </p>
      <Failure error={change.error} />
    </section>
  );
}

function Rename({ app }: { readonly app: App }) {
  const queries = useQueryClient();
  const notice = useNotice();
  const [name, setName] = useState(app.name);
  const rename = useAction(
    app.name,
    () => ({ method: 'PATCH', path: appPath(app.name), body: { name } }),
    (answer) => {
      const renamed = appSchema.parse(answer);
      queries.setQueryData(keys.part(renamed.name, 'app'), renamed);
      navigate({ page: 'app', app: renamed.name, tab: 'settings' }, { replace: true });
      notice(`${app.name} is called ${renamed.name} now. Its git remote is ${renamed.git_url}.`);
    },
  );
  const problem = name === app.name ? undefined : nameRule(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem === undefined) rename.mutate();
  };
  return (
    <section aria-labelledby="rename-title">
      <h2 id="rename-title">Name</h2>
      <form onSubmit={submit} className="inline-form">
        <input
          aria-label="App name"
          aria-invalid={problem !== undefined}
          aria-describedby="rename-rule"
          value={name}
          onChange={(event) => setName(event.target.value.trim().toLowerCase())}
          autoComplete="off"
          spellCheck={false}
        />
        <button type="submit" disabled={name === app.name || problem !== undefined || rename.isPending}>
          Rename
        </button>
      </form>
      <p className={problem === undefined ? 'muted' : 'hint bad'} id="rename-rule">
        {problem ?? 'The URL and the git remote change with the name; the old ones stop working.'}
      </p>
      <Failure error={rename.error} />
    </section>
  );
}

function Destroy({ app }: { readonly app: App }) {
  const queries = useQueryClient();
  const notice = useNotice();
  const [typed, setTyped] = useState('');
  const destroy = useAction(
    undefined,
    () => ({ method: 'DELETE', path: appPath(app.name) }),
    () => {
      notice(`${app.name} is destroyed.`);
      navigate({ page: 'apps' });
      queries.removeQueries({ queryKey: keys.app(app.name) });
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === app.name) destroy.mutate();
  };
  return (
    <section aria-labelledby="destroy-title" className="danger">
      <h2 id="destroy-title">Destroy</h2>
      <p>
        Stops the instances and deletes the repository, images, releases, config vars and logs of this app. There is no
        way back.
      </p>
      <form onSubmit={submit} className="stack">
        <label>
          <span>
            Type <strong>{app.name}</strong> to confirm
          </span>
          <input
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <p>
          <button type="submit" className="destructive" disabled={typed !== app.name || destroy.isPending}>
            Destroy {app.name}
          </button>
        </p>
      </form>
      <Failure error={destroy.error} />
    </section>
  );
}
