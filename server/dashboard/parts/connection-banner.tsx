import { useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { useApi } from '../api/context.ts';

/** Tells that the API is away; the pages keep what they last saw and go on asking. */
export function ConnectionBanner() {
  const { connection } = useApi();
  const queries = useQueryClient();
  const away = useSyncExternalStore(connection.subscribe, connection.isAway);
  return (
    <div role="alert" aria-label="Connection">
      {away && (
        <div className="banner">
          <p>Cannot reach Shipway. Your apps keep serving; this page shows what it last saw and tries again.</p>
          <button type="button" className="small" onClick={() => void queries.refetchQueries({ type: 'active' })}>
            Try now
          </button>
        </div>
      )}
    </div>
  );
}
