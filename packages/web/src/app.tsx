import { MantineProvider } from '@mantine/core';
import { type QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import type { i18n } from 'i18next';
import { lazy, Suspense, useEffect } from 'react';
import { I18nextProvider, useTranslation } from 'react-i18next';
import { BrowserRouter, Link, Navigate, Route, Routes, useLocation } from 'react-router';
import type { LinkLogin } from './api/one-time-login.ts';
import { meQuery, setupQuery } from './api/queries.ts';
import { AppContext, type AppServices, useApp } from './app-context.ts';
import { HomePage } from './pages/home-page.tsx';
import { EmptyState } from './parts/empty-state.tsx';
import { Entrance } from './parts/entrance.tsx';
import page from './parts/page.module.css';
import { PageBoundary } from './parts/page-boundary.tsx';
import { ProblemNotice } from './parts/problem-notice.tsx';
import { Shell } from './parts/shell.tsx';
import { theme } from './theme/theme.ts';

const AccountPage = lazy(async () => ({ default: (await import('./pages/account-page.tsx')).AccountPage }));
const loadCameraPage = async () => ({ default: (await import('./pages/camera-page.tsx')).CameraPage });
const CameraPage = lazy(loadCameraPage);
const DevicesPage = lazy(async () => ({ default: (await import('./pages/devices-page.tsx')).DevicesPage }));
const InvitationPage = lazy(async () => ({ default: (await import('./pages/invitation-page.tsx')).InvitationPage }));
const LoginPage = lazy(async () => ({ default: (await import('./pages/login-page.tsx')).LoginPage }));
const MembersPage = lazy(async () => ({ default: (await import('./pages/members-page.tsx')).MembersPage }));
const ProviderPage = lazy(async () => ({ default: (await import('./pages/provider-page.tsx')).ProviderPage }));
const SetupPage = lazy(async () => ({ default: (await import('./pages/setup-page.tsx')).SetupPage }));
const TimelinePage = lazy(async () => ({ default: (await import('./pages/timeline-page.tsx')).TimelinePage }));
const WallPage = lazy(async () => ({ default: (await import('./pages/wall-page.tsx')).WallPage }));
const SharePage = lazy(async () => ({ default: (await import('./pages/share-page.tsx')).SharePage }));

export interface AppProps {
  readonly services: AppServices;
  readonly queries: QueryClient;
  readonly texts: i18n;
  /** How the login link went that opened the page. */
  readonly linkLogin: LinkLogin;
}

export function App({ services, queries, texts, linkLogin }: AppProps) {
  return (
    <I18nextProvider i18n={texts}>
      {/* The variables and classes of the library come from its style sheets: our policy allows no style elements. */}
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <QueryClientProvider client={queries}>
          <AppContext value={services}>
            <BrowserRouter>
              <PageBoundary>
                <Suspense>
                  <Routes>
                    <Route path="/setup" element={<SetupPage />} />
                    <Route path="/login" element={<LoginPage linkFailed={linkLogin === 'failed'} />} />
                    <Route path="/login/provider" element={<ProviderPage />} />
                    <Route path="/invitation" element={<InvitationPage />} />
                    <Route path="/s/:token" element={<SharePage />} />
                    <Route element={<LoggedIn />}>
                      <Route index element={<HomePage />} />
                      <Route path="/timeline" element={<TimelinePage />} />
                      <Route path="/devices" element={<DevicesPage />} />
                      <Route path="/cameras/:deviceId/:channel" element={<CameraPage />} />
                      <Route path="/people" element={<MembersPage />} />
                      <Route path="/account" element={<AccountPage />} />
                      <Route path="*" element={<NotFound />} />
                    </Route>
                  </Routes>
                </Suspense>
              </PageBoundary>
            </BrowserRouter>
          </AppContext>
        </QueryClientProvider>
      </MantineProvider>
    </I18nextProvider>
  );
}

/** Everything that needs a login; leads to it otherwise. */
function LoggedIn() {
  const { t } = useTranslation();
  const { api } = useApp();
  const { pathname, search } = useLocation();
  const me = useQuery(meQuery(api));
  const isIn = Boolean(me.data);
  const isWall = pathname === '/' && new URLSearchParams(search).get('kiosk') === '1';
  // The page people go to next is there before they do.
  useEffect(() => {
    if (isIn) loadCameraPage().catch(() => {});
  }, [isIn]);
  const setup = useQuery({ ...setupQuery(api), enabled: me.data === null });
  if (me.data) return isWall ? <WallPage /> : <Shell />;
  if (me.isError) {
    return (
      <Entrance title={t('app.name')}>
        <ProblemNotice problem={me.error} onRetry={() => void me.refetch()} />
      </Entrance>
    );
  }
  if (setup.data?.needed) return <Entrance title={t('app.noOwner')} lead={t('app.noOwnerHint')} children={null} />;
  if (setup.isFetched) return <Navigate to="/login" replace state={{ from: pathname + search }} />;
  return null;
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <div className={page.page}>
      <EmptyState icon="broken" title={t('app.notFound')} hint={t('app.notFoundHint')}>
        <Link to="/">{t('app.toHome')}</Link>
      </EmptyState>
    </div>
  );
}
