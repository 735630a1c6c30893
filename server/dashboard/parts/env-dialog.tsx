import { useState } from 'react';
import { nameProblem } from '../rules/config-draft.ts';
import { parseEnvFile } from '../rules/env-file.ts';
import { Dialog } from './dialog.tsx';

interface EnvDialogProps {
  readonly onSet: (changes: Readonly<Record<string, string>>) => void;
  readonly onClose: () => void;
}

export function EnvDialog({ onSet, onClose }: EnvDialogProps) {
  const [text, setText] = useState('');
  const { vars, problems } = parseEnvFile(text);
  const names = Object.keys(vars);
  const refused = names.map(nameProblem).find((problem) => problem !== undefined);
  const take = () => {
    onSet(vars);
    onClose();
  };
  return (
    <Dialog title="Paste .env" onClose={onClose}>
      <label>
        Text of a .env file
        <textarea
          rows={10}
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder={'NAME=value\nOTHER="several words"'}
          spellCheck={false}
        />
      </label>
      <p className="hint" role="status">
        {names.length === 1 ? '1 variable' : `${names.length} variables`}
        {problems.length > 0 && `; not understood: line ${problems.map((problem) => problem.line).join(', ')}`}
        {refused !== undefined && `; ${refused}`}
      </p>
      <div className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="primary" disabled={names.length === 0 || refused !== undefined} onClick={take}>
          Add to changes
        </button>
      </div>
    </Dialog>
  );
}
