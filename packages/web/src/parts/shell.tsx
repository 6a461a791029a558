import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink, Outlet, useLocation } from 'react-router';
import { useEventStream } from '../api/use-event-stream.ts';
import { SupportNotice } from '../members/support-notice.tsx';
import { Icon } from './icon.tsx';
import { PageBoundary } from './page-boundary.tsx';
import styles from './shell.module.css';

const places = [
  { to: '/', icon: 'home', label: 'nav.home' },
  { to: '/timeline', icon: 'film', label: 'nav.timeline' },
  { to: '/devices', icon: 'camera', label: 'nav.devices' },
  { to: '/people', icon: 'people', label: 'nav.people' },
  { to: '/account', icon: 'person', label: 'nav.account' },
] as const;

/** What stands around every page of someone who is logged in: the places, and whether what is on show is fresh. */
export function Shell() {
  const { t } = useTranslation();
  const connected = useEventStream();
  const { pathname } = useLocation();
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {t('app.skip')}
      </a>
      <nav className={styles.rail} aria-label={t('app.places')}>
        <span className={styles.mark}>
          <img src="/icon.svg" alt={t('app.name')} width="36" height="36" />
        </span>
        {places.map(({ to, icon, label }) => (
          <NavLink key={to} to={to} end={to === '/'} className={styles.place}>
            <Icon name={icon} />
            {t(label)}
          </NavLink>
        ))}
      </nav>
      <main id="content" tabIndex={-1}>
        <div role="status">
          {!connected && (
            <p className={styles.banner}>
              <Icon name="warning" />
              {t('app.connectionLost')}
            </p>
          )}
        </div>
        <SupportNotice />
        <PageBoundary key={pathname}>
          <Suspense>
            <Outlet />
          </Suspense>
        </PageBoundary>
      </main>
    </div>
  );
}
