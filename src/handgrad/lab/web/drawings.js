/** Drawings for tours, as strokes.js writes them. */

export const DRAWINGS = Object.freeze({
  three:
    "60.M_GxNVGeOUG2PzF9RyDzTyDDV_CwY3D3aADfbrEad5FqdvHOeIJGeJL6dzMudGOdcBQJazRjZbSsY4TkWQUKVdUwVjVWWhW6YWWia7XcbVYocfaHdbc3e2dve1fndYhjcajibIlOZjmnXpntVbogTSozROomPOo3NTmtM1l-L4lOKbl5",
  five: "60.QUDmQLElQ2GkPcJjP0NhP5QWPrSCRESkTIS8VIS2XCSRZ2TLaqUjc7WPc-YOdNagdIdFcqfhb-hzakk6Z5m5X8nQUto7SHoAPNnaNBn7LkmqK_mh.QUDmggCz",
  seven:
    "60.UjGxV1GpVdGZWXGBXkFiYxFCa6EibHECcSDjd0EHc-FwcNIdb9MOa0PzYyTLXzWWX3ZUWFcTVWfRUsiQUHlOTsndTap6TRps",
  sevenWithBar:
    "60.UjGxV1GpVdGZWXGBXkFiYxFCa6EibHECcSDjd0EHc-FwcNIdb9MOa0PzYyTLXzWWX3ZUWFcTVWfRUsiQUHlOTsndTap6TRps.QFVDdfU1",
});
