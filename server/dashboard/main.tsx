import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from './api/client.ts';
import { createConnection } from './api/connection.ts';
import { ApiContext } from './api/context.ts';
import { createQueryClient } from './api/queries.ts';
import { Dashboard } from './dashboard.tsx';
import { applyStoredTheme } from './parts/theme.tsx';

applyStoredTheme();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element #root');

const connection = createConnection();
const api = { client: createClient(connection), connection };

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <ApiContext value={api}>
        <Dashboard />
      </ApiContext>
    </QueryClientProvider>
  </StrictMode>,
);
