service-name = 試験用カード読み取り
band = これは試験用のカード読み取り画面です。
band-more = 実際のマイナンバーカードや暗証番号は使わないでください。

home-title = 試験用カード
home-text = ここは、接続確認環境のカードリーダーと試験用カードの代わりをする画面です。手続きの途中で開かれ、選んだ試験用の人のカードで署名します。
home-json = 試験用の人の一覧（JSON）
people = 試験用の人
pin-is = 暗証番号 { $pin }
reset-title = カードを元に戻す
reset-text = 暗証番号の残り回数を、すべてのカードで初めの状態に戻します。
reset = 試験用カードを初期状態に戻す
reset-done = 試験用カードを初期状態に戻しました

case-first_timer = 初めての人。ポータルの利用者登録がまだです。
case-registered = ポータルに登録済みで、まだ連携していない人。
case-linked = すでに連携している人。
case-certificate_expired = 電子証明書の有効期限が切れている人。
case-certificate_revoked = 電子証明書が失効している人。
case-pin_locked = 暗証番号がロックされている人。
case-one_try_left = 暗証番号の入力が残り1回の人。
case-renewed_card = カードを更新した人。証明書の番号が、登録したときと変わっています。
case-minor = 未成年の人（15歳）。
case-long_name = 氏名が長く、異体字を含む人。
case-english_only = 英語だけで読む住民。
case-empty_mailbox = 郵便受けに文書がまだない人。

pick-title = マイナンバーカードの読み取り（試験用）
pick-text = どのカードを読み取らせるかを選んでください。次の画面で暗証番号を入力します。
pick-cancel = 読み取りをやめる
faults = 読み取りの失敗と不正
faults-text = カードや読み取り機がうまく動かない場合と、受け付けてはならない署名を試せます。
fault-card_not_read = カードを読み取れない
fault-text-card_not_read = カードが見つからないか、途中で動きました。
fault-other_card = 別の種類のカード
fault-text-other_card = マイナンバーカードではないカードが置かれました。
fault-wrong_key = 別の鍵による署名
fault-text-wrong_key = 正しい電子証明書に、別の鍵で作った署名が付いています。受け付けてはなりません。
fault-wrong_challenge = 別のチャレンジへの署名
fault-text-wrong_challenge = 求められたものと異なるデータに署名しています。受け付けてはなりません。
fault-other_hierarchy = 別の認証局の電子証明書
fault-text-other_hierarchy = 名前は同じで、鍵の異なる認証局が発行した電子証明書です。受け付けてはなりません。

pin-title = 暗証番号の入力
pin-who = 求めているサイト
pin-why = 目的
pin-card = カード
purpose-attribute-linkage = 外部サービスとの連携のための本人確認
purpose-sign-in = ログイン
purpose-unlink = 連携の解除
pin-tries = 3回続けてまちがえるとロックされます。
pin-left = 残り{ $n }回です。
pin-label = 利用者証明用電子証明書の暗証番号（数字4桁）
pin-hint = 受け取りのときに設定した数字4桁です。ほかのサービスでまちがえた回数も数えます。
pin-go = 本人確認をする
pin-cancel-attribute-linkage = 連携をやめる
pin-cancel-sign-in = ログインをやめる
pin-cancel-unlink = 解除をやめる
pin-check-first = 暗証番号を確認してからやり直す
pin-last = 次にまちがえるとロックされます
pin-last-text = ロックされると、窓口などで再設定が必要です。自信がないときは、ここで中止できます。
pin-wrong = 暗証番号が違います。残り2回です。
pin-wrong-last = 暗証番号が違います。残り1回です。
pin-format = 暗証番号は、数字4桁で入力してください。

locked-title = 暗証番号がロックされています
locked-text = 3回続けてまちがえたため、このカードでは本人確認ができません。
locked-how = 住民票のある市区町村の窓口、または対応するコンビニエンスストア（先にスマートフォンアプリでの手続きが必要です）で再設定してください。
locked-back = 元の画面に戻る

gone-title = この読み取りは終わっています
gone-text = カードの読み取りは完了したか、時間が切れました。元のサービスの画面に戻って続けてください。

bad-title = このページを表示できません
bad-text = 移動元のサービスにお問い合わせください。カードの読み取りは行われていません。
bad-developers = 開発者の方へ
bad-missing = パラメーター origin、nonce、session、expires、purpose、return_to を、それぞれ一つずつ付けてください。
bad-origin = origin が、この読み取り画面に登録されているサイトではありません。既定のポートや末尾の「/」を付けず、ブラウザーが送るとおりに書いてください。
bad-return-to = return_to は、origin と同じサイトの絶対アドレスにしてください。利用者名や「#」は付けられません。
bad-bytes = nonce と session は、32バイトを base64url（「=」なし）で書いてください。
bad-expires = expires は、15分以内の時刻を1970年からの秒数で書いてください。
bad-purpose = purpose は、attribute-linkage、sign-in、unlink のどれかにしてください。
