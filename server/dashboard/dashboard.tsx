import { failureOf, isUnauthorized, useAccount } from './api/queries.ts';
import { AppPage } from './pages/app.tsx';
import { AppsPage } from './pages/apps.tsx';
import { NewAppPage } from './pages/new-app.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { ConnectionBanner } from './parts/connection-banner.tsx';
import { Keyboard } from './parts/keyboard.tsx';
import { Empty, Failure } from './parts/messages.tsx';
import { Link, useRoute, useTitle } from './parts/navigation.tsx';
import { NoticeProvider } from './parts/notice.tsx';
import { TopBar } from './parts/top-bar.tsx';
import type { Route } from './rules/route.ts';

export function Dashboard() {
  const account = useAccount();
  const route = useRoute();
  const signedOut = isUnauthorized(account.error);
  return (
    <NoticeProvider>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <ConnectionBanner />
      {signedOut && <SignInPage />}
      {!signedOut && <Failure error={failureOf(account)} />}
      {!signedOut && account.data !== undefined && (
        <>
          <TopBar account={account.data} route={route} />
          <Page route={route} />
          <Keyboard route={route} />
        </>
      )}
    </NoticeProvider>
  );
}

function Page({ route }: { readonly route: Route }) {
  if (route.page === 'apps') return <AppsPage />;
  if (route.page === 'new') return <NewAppPage />;
  if (route.page === 'app') return <AppPage key={route.app} name={route.app} tab={route.tab} build={route.build} />;
  return <UnknownPage />;
}

function UnknownPage() {
  useTitle('No such page');
  return (
    <main id="main" className="page">
      <Empty title="No page has this address.">
        <p>
          <Link to={{ page: 'apps' }}>Show all apps</Link>
        </p>
      </Empty>
    </main>
  );
}
