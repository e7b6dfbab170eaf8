service-name = API利用申請窓口
desk-name = 運営
nav-label = メニュー
nav-home = ホーム
nav-inquiries = 問合せ
nav-faq = よくある質問
nav-keys = 鍵の作り方
nav-to-staff = 運営の画面
nav-account = アカウント設定
signed-in-as = { $name }さん
sign-in = ログイン
sign-out = ログアウト
register = アカウントを新規登録
save = 保存する
none = なし
name = 氏名
email = メールアドレス
org = 組織
status = 状態
receipt = 受付番号
reason = 理由
not-entered = （入力なし）
viewer-note = あなたの権限は「閲覧者」です。入力や提出は、編集者か所有者に依頼してください。
private-key = 秘密鍵が含まれているため、受け付けず、保存もしませんでした。この鍵は使わず、新しい鍵の組を作ってください。

welcome-title = APIの利用を申請する
welcome-lead = 属性連携設定API、利用者登録等API、お知らせ・民送情報取得APIの利用申請から、接続試験、本番環境での開始、変更・停止・再開・終了までを、このサイトで行えます。
welcome-1 = アカウントを登録します（メールアドレスとパスワード）。
welcome-2 = 組織を登録し、必要なら同僚を招待します。
welcome-3 = 「API利用申請（開示）」を作成します。下書きは何度でも保存できます。
welcome-4 = 提出すると受付番号が発行されます。その後の手続と期限は、いつでもこのサイトで確認できます。
welcome-ask = お問合せは、ログインするといつでもできます。

home-title = やること
home-no-org = まだ組織に所属していません
home-no-org-text = 新しい組織を登録するか、組織の所有者に招待を依頼してください。
home-tasks = あなたの組織が行うこと
home-no-tasks = 今、行うことはありません。
home-watched = 組織の編集者・所有者が行うこと
home-answered = 回答が届いている問合せ
home-running = 運営が対応していること
home-orgs = 組織

keys-title = 鍵の作り方
keys-lead = 公開鍵の一覧（JWKS）は、皆さまのシステムがAPIを呼ぶときの署名を、ポータルが確かめるためのものです。鍵は皆さまの環境で作ります。このページには何も入力しません。
keys-never = 秘密鍵は、どこにも送らないでください
keys-never-text = 申請するのは公開鍵だけです。秘密鍵（PRIVATE KEYと書かれたファイル、JWKの「d」）を貼り付けた場合、このサイトは受け付けず、保存もしません。そのときは、その鍵を使わずに作り直してください。
keys-which = どの鍵を使うか
keys-which-text = 迷ったらEC P-256（ES256）を使ってください。Ed25519（EdDSA）とRSA 2048ビット以上（PS256）も使えます。接続確認環境と本番環境では、別の鍵にしてください。
keys-make = 1. 鍵の組を作る
keys-make-text = OpenSSLで作る例です。client-key.pemが秘密鍵です。サーバーの外に出さず、持ち主だけが読めるようにしてください。
keys-convert = 2. 公開鍵をJWKSにする
keys-convert-text = 公開鍵（client-public.pem）だけを読み、JWKSを表示します。Python 3とOpenSSLのほかには何も要りません。
keys-convert-after = 表示されたJSON（{"{"} から {"}"} まで）を、設定シートの「公開鍵（JWKS）」に貼り付けてください。
keys-uri = アドレスで登録する方法
keys-uri-text = 同じJSONを、皆さまのサイトのhttpsのアドレス（例：https://service.example.co.jp/jwks.json）で公開し、そのアドレスを書くこともできます。鍵を替えるときに申請が要らないため、この方法をお勧めします。
keys-change = 鍵を替えるとき
keys-change-text = 新しい公開鍵を加えて公開し、しばらくの間は新旧両方を載せてください。署名を新しい鍵に切り替えたあと、古い鍵を外します。

documents-title = 開示された仕様書等
documents-lead = 承認された組織だけに開示しています。組織の外には渡さないでください。
documents-none = まだ登録されている文書がありません。

files-label = 添付ファイル
files-hint = PDF、PNG、JPEG、Word、Excel、PowerPoint、テキスト。1つ10MBまで。
logo-hint = PNG。縦横48〜2048ピクセル、512KBまで。
files-too-many = 1つの項目に付けられるファイルは{ $n }個までです。不要なものを外してください。
file-empty = { $name } は空のファイルです。内容のあるファイルを選んでください。
file-too-large = { $name } が大きすぎます。10MB以下にしてください。
file-type = { $name } は受け付けられない種類のファイルです。PDF、PNG、JPEG、Word、Excel、PowerPoint、テキストにしてください。
file-mismatch = { $name } の名前の末尾（拡張子）と中身の種類が合いません。正しい拡張子にするか、別のファイルを選んでください。
file-macro = { $name } には、マクロか埋め込みファイルが含まれています。取り除いて保存し直してください。
file-picture = { $name } の画像が大きすぎるか、壊れています。縦横12,000ピクセル以下にしてください。
file-archive = { $name } は壊れているか、展開すると大きくなりすぎます。保存し直してください。
file-quota = 保存できるファイルの合計（500MB）を超えます。運営にお問い合わせください。
file-private-key = { $name } には秘密鍵が含まれているため、受け付けず、保存もしませんでした。この鍵は使わず、新しい鍵の組を作ってください。

mail-foot =
    ――
    API利用申請窓口
    { $origin }
    このメールは送信専用です。ご質問は、サイトの「問合せ」からお送りください。

punct-open = （
punct-close = ）
punct-colon = ：
punct-comma = 、
