import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';

const shownMs = 6000;

const NoticeContext = createContext<(text: string) => void>(() => undefined);

/** Says that something was done, in the corner and to screen readers. */
export const useNotice = (): ((text: string) => void) => useContext(NoticeContext);

export function NoticeProvider({ children }: { readonly children: ReactNode }) {
  const [notice, setNotice] = useState({ text: '', number: 0 });
  const show = useCallback((text: string) => setNotice(({ number }) => ({ text, number: number + 1 })), []);
  useEffect(() => {
    if (notice.text === '') return;
    const timer = setTimeout(() => setNotice(({ number }) => ({ text: '', number })), shownMs);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <NoticeContext value={show}>
      {children}
      <div className="notice" role="status" aria-label="Notice">
        {notice.text !== '' && <p key={notice.number}>{notice.text}</p>}
      </div>
    </NoticeContext>
  );
}
