import type { CredentialsStorage } from './sharing.ts';

const storeName = 'credentials';

/**
 * Storage in the page's IndexedDB. Unlike `localStorage`, of which each process of a browser sees changes with a delay, it shows a
 * tab that comes next exactly what the tab before has written.
 */
export const indexedDbStorage: CredentialsStorage = {
  getItem: (key) => inStore<string | undefined>('readonly', (store) => store.get(key)),
  setItem: (key, value) => inStore('readwrite', (store) => store.put(value, key)),
  removeItem: (key) => inStore('readwrite', (store) => store.delete(key)),
};

function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('cognito-graphql', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(storeName);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(storeName, mode);
      const request = work(transaction.objectStore(storeName));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result);
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}
