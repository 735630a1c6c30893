import { type ClipboardEvent, type FormEvent, useRef, useState } from 'react';
import { nameProblem } from '../rules/config-draft.ts';
import { looksLikeEnvFile, parseEnvFile } from '../rules/env-file.ts';

interface AddVarProps {
  readonly onSet: (changes: Readonly<Record<string, string>>) => void;
}

/** One more variable; `.env` text pasted into the name becomes as many as it holds. */
export function AddVar({ onSet }: AddVarProps) {
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const nameField = useRef<HTMLInputElement>(null);
  const problem = name === '' ? undefined : nameProblem(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name === '' || problem !== undefined) return;
    onSet({ [name]: value });
    setName('');
    setValue('');
    nameField.current?.focus();
  };
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData('text');
    if (!looksLikeEnvFile(text)) return;
    event.preventDefault();
    onSet(parseEnvFile(text).vars);
  };
  return (
    <form className="add-var" onSubmit={submit} aria-label="Add a config var">
      <input
        ref={nameField}
        aria-label="Name"
        aria-invalid={problem !== undefined}
        aria-describedby="add-var-problem"
        placeholder="NAME"
        value={name}
        onChange={(event) => setName(event.target.value.trim())}
        onPaste={paste}
        autoComplete="off"
        spellCheck={false}
      />
      <input
        aria-label="Value"
        placeholder="value"
        value={value}
        onChange={(event) => setValue(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <button type="submit" disabled={name === '' || problem !== undefined}>
        Add
      </button>
      <p className="hint bad" id="add-var-problem">
        {problem}
      </p>
    </form>
  );
}
