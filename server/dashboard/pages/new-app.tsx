import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useAction } from '../api/actions.ts';
import { keys } from '../api/queries.ts';
import { appSchema } from '../api/schemas.ts';
import { CopyLine } from '../parts/copy.tsx';
import { Failure } from '../parts/messages.tsx';
import { navigate, useTitle } from '../parts/navigation.tsx';
import { nameRule } from '../rules/app-name.ts';

/** After creation the app's overview shows the lines to type next. */
export function NewAppPage() {
  useTitle('New app');
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const create = useAction<{ name?: string }>(
    undefined,
    (body) => ({ method: 'POST', path: '/apps', body }),
    (answer) => {
      const app = appSchema.parse(answer);
      queries.setQueryData(keys.part(app.name, 'app'), app);
      navigate({ page: 'app', app: app.name, tab: 'overview' });
    },
  );
  const problem = name === '' ? undefined : nameRule(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (problem === undefined) create.mutate(name === '' ? {} : { name });
  };
  return (
    <main id="main" className="page narrow">
      <h1>New app</h1>
      <form onSubmit={submit} className="stack">
        <label>
          Name
          <input
            value={name}
            onChange={(event) => setName(event.target.value.trim().toLowerCase())}
            placeholder="Leave empty for a made-up name"
            aria-invalid={problem !== undefined}
            aria-describedby="name-rule"
            autoComplete="off"
            spellCheck={false}
          />
          <span className={problem === undefined ? 'hint' : 'hint bad'} id="name-rule">
            {problem ?? 'Lowercase letters, digits and dashes. It becomes part of the address.'}
          </span>
        </label>
        <Failure error={create.error} />
        <p>
          <button type="submit" className="primary" disabled={create.isPending || problem !== undefined}>
            Create app
          </button>
        </p>
      </form>
      <h2>From the terminal</h2>
      <p className="muted">In the folder of the app's repository, these two lines do the same and deploy it:</p>
      <CopyLine label="create command" text={`shipway create${name === '' || problem ? '' : ` ${name}`}`} />
      <CopyLine label="push command" text="git push shipway main" />
    </main>
  );
}
