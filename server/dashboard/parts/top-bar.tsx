import { useQueryClient } from '@tanstack/react-query';
import { failureText } from '../api/actions.ts';
import { useClient } from '../api/context.ts';
import type { Account } from '../api/schemas.ts';
import { signOut } from '../api/session.ts';
import type { Route } from '../rules/route.ts';
import { Link } from './navigation.tsx';
import { useNotice } from './notice.tsx';
import { ThemeButton } from './theme.tsx';

export function TopBar({ account, route }: { readonly account: Account; readonly route: Route }) {
  return (
    <header className="top-bar">
      <Link to={{ page: 'apps' }} className="brand" aria-label="Shipway, all apps">
        <img src="/favicon.svg" alt="" width="22" height="22" /> <span className="wide-only">Shipway</span>
      </Link>
      <nav aria-label="Main" className="crumbs">
        <Link to={{ page: 'apps' }} aria-current={route.page === 'apps' ? 'page' : undefined}>
          Apps
        </Link>
        {route.page === 'app' && (
          <>
            <span aria-hidden="true">/</span>
            <Link to={{ page: 'app', app: route.app, tab: 'overview' }}>{route.app}</Link>
          </>
        )}
      </nav>
      <span className="muted wide-only account">{account.email}</span>
      <ThemeButton />
      <SignOutButton />
    </header>
  );
}

function SignOutButton() {
  const client = useClient();
  const queries = useQueryClient();
  const notice = useNotice();
  const leave = () => {
    signOut(client)
      .then(() => queries.resetQueries())
      .catch((error: unknown) => notice(failureText(error)));
  };
  return (
    <button type="button" className="quiet" onClick={leave}>
      Sign out
    </button>
  );
}
