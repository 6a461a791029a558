import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import page from './page.module.css';
import { ProblemNotice } from './problem-notice.tsx';

interface PageBoundaryProps {
  readonly children: ReactNode;
}

interface PageBoundaryState {
  readonly problem: Error | undefined;
}

/** A page that cannot be loaded or shown leaves the rest of the app standing. Give it a new `key` for another page. */
export class PageBoundary extends Component<PageBoundaryProps, PageBoundaryState> {
  override state: PageBoundaryState = { problem: undefined };

  static getDerivedStateFromError(problem: Error): PageBoundaryState {
    return { problem };
  }

  override render(): ReactNode {
    return this.state.problem === undefined ? this.props.children : <Broken />;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <div className={page.page}>
      <ProblemNotice problem={undefined} text={t('app.broken')} onRetry={() => location.reload()} />
    </div>
  );
}
