nav-control = ポータルの設定
nav-deliveries = 民間送達サービス
nav-maintenance = メンテナンス
nav-notices = 期限・お知らせ

portal-test = 接続確認環境
portal-production = 本番環境
kind-client = クライアント
kind-delivery_service = 民間送達サービス
kind-maintenance = メンテナンスの予定
status-active = 利用中
status-production_verification = 本番動作確認中
status-suspended = 停止中
status-terminated = 終了
status-withdrawn = 取りやめ
status-unknown = 不明
until = から

control-title = ポータルの設定
control-portals = ポータル
control-looked = 最後に照合した日時
control-not-looked = まだ照合していません
control-unreachable = 照合できません
control-look = 今すぐ照合する
control-done-looked = 照合しました
control-done-again = もう一度設定するよう指示しました
control-drift = ポータルとの差異
control-drift-lead = ここで決めた内容と、ポータルの実際の設定が違っています。項目を確かめ、正しい内容をもう一度設定してください。
control-no-drift = 最後の照合で、差異はありませんでした。
control-drift-fields = 項目ごとの差異
control-field = 項目
control-wanted = 決めた内容
control-has = ポータルの内容
control-clients = クライアント
control-others = 民間送達サービスとメンテナンスの予定
control-applied = 反映済み
control-waiting = 反映待ち
control-failed = 反映できません
control-revision = 第{ $n }版
control-revision-label = 版
control-portal = ポータル
control-service = サービス
control-wanted-at = 決めた日時
control-applied-at = 反映を確認した日時
control-digest = ダイジェスト
control-settings = 指示している設定の全文（JSON）
control-source-desk = この窓口からの設定
control-source-registration = 開発者による登録
control-source-command_line = ポータルのコマンドによる変更
control-source-settings = ポータルの設定ファイル
drift-missing = ポータルにない
drift-unknown = 決めていない
drift-different = 内容が違う
control-again-title = もう一度設定する
control-again-lead = 決めた内容を新しい版としてポータルに送り直します。内容は変わりません。
control-again = もう一度設定する
control-note = 理由（記録に残ります）
control-note-missing = 理由を2,000文字以内で入力してください。
control-reason-missing = 停止する理由を2,000文字以内で入力してください。
control-raced = 別の人が同時に操作しました。今の状態を確かめて、もう一度操作してください。
control-suspend-title = 緊急の利用停止
control-suspend-lead = 事故などのときに、予告なしに利用を停止します。この操作は提案です。別の人が承認すると、1秒以内にすべての要求が拒否されます。
control-suspend = 緊急停止を提案する

deliveries-title = 民間送達サービス
deliveries-done = 保存し、ポータルへの反映を始めました
deliveries-none = 登録されている民間送達サービスはありません。
deliveries-updated = 更新
delivery-new-title = 民間送達サービスを登録する
delivery-edit-title = 民間送達サービスを変更する
delivery-lead = 保存すると、入力した環境のポータルに反映されます。申請の書類でも選べるようになります。
delivery-id = ID
delivery-id-hint = 半角の英数字と「-」「_」「.」、64文字まで。あとから変えられません。
delivery-name_ja = 名称
delivery-name_en = 名称（英語）
delivery-operator_ja = 運営者
delivery-operator_en = 運営者（英語）
delivery-operating = 稼働日・稼働時間
delivery-operating_ja = 稼働日・稼働時間
delivery-operating_en = 稼働日・稼働時間（英語）
delivery-operating-hint = 例：年中無休、24時間（メンテナンスの時間を除く）
delivery-at-test = 接続確認環境との接続
delivery-at-production = 本番環境との接続
delivery-at-lead = この環境で使わないときは、すべて空欄にしてください。
delivery-issuer = 発行者（issuer）
delivery-issuer-hint = 認可サーバーのアドレス。https://で始まり、末尾に「/」を付けません。
delivery-client_id = ポータルのクライアントID
delivery-client_id-hint = 民間送達サービスの側で、ポータルに付けたIDです。
delivery-resources = 文書などのアドレス
delivery-resources-hint = 認可サーバーと別のときだけ入力してください。
delivery-sso_client_id = シングルサインオンのクライアントID
delivery-sso_client_id-hint = ポータルの側で、この民間送達サービスに付けたIDです。
delivery-initiate_login_uri = シングルサインオンの開始アドレス
delivery-initiate_login_uri-hint = 使わないときは空欄にしてください。
delivery-note = 変更の理由（記録に残ります）
delivery-save = 保存して反映する
delivery-taken = このIDは登録されています。別のIDにしてください。
delivery-raced = 別の人が先に変更しました
delivery-raced-text = 入力した内容は残っています。確認して保存すると、この内容で上書きします。
delivery-wrong-id = 半角の英数字と「-」「_」「.」で、64文字以内で入力してください。先頭は英数字です。
delivery-wrong-name = 100文字以内で入力してください。
delivery-wrong-operating = 500文字以内で入力してください。
delivery-wrong-issuer = https://で始まるアドレスを、末尾の「/」なしで入力してください。
delivery-wrong-client = 半角の文字で、255文字以内で入力してください。
delivery-wrong-address = https://で始まるアドレスを入力してください。
delivery-wrong-none = 接続確認環境と本番環境の少なくとも一方の接続を入力してください。
delivery-wrong-status = 状態を選んでください。

maintenance-title = メンテナンスの予定と稼働時間
maintenance-lead = 民間送達サービスのメンテナンスの予定です。ポータルの稼働状況のページと、利用者の画面にも表示されます。
maintenance-none = 予定されているメンテナンスはありません。
maintenance-hours = 稼働日・稼働時間
maintenance-new = メンテナンスを知らせる
maintenance-new-lead = この民間送達サービスを使うAPI利用者にメールで知らせ、ポータルに表示します。日時は日本時間です。
maintenance-delivery = 民間送達サービス
maintenance-place = 環境
maintenance-both = 接続確認環境と本番環境
maintenance-from_day = 開始日
maintenance-from_time = 開始時刻
maintenance-until_day = 終了日
maintenance-until_time = 終了時刻
maintenance-note_ja = 内容
maintenance-note_en = 内容（英語）
maintenance-announce = 知らせる
maintenance-withdraw = 取りやめる
maintenance-done-announced = メンテナンスを知らせました
maintenance-done-withdrawn = メンテナンスを取りやめました
maintenance-wrong-delivery = 民間送達サービスを選んでください。
maintenance-wrong-place = 環境を選んでください。
maintenance-wrong-time = 日付と時刻を入力してください。
maintenance-wrong-order = 終了を開始より後の日時にしてください。
maintenance-wrong-past = 終了がすでに過ぎています。これからの日時にしてください。
maintenance-wrong-note = 内容を500文字以内で入力してください。
window-planned = 予定
window-now = 実施中
window-over = 終了
window-withdrawn = 取りやめ

notices-title = 期限・お知らせ
notices-lead = 期限が近いもの、確認が必要なものです。同じ内容をメールでもお知らせしています。
notices-none = 今、お知らせすることはありません。
notices-case = 手続を開く

warn-keys-end = 「{ $service }」（{ $portal }）の公開鍵又は証明書の有効期限は{ $at }です。新しい鍵を公開してから、切り替えてください。
warn-keys-changed = 「{ $service }」（{ $portal }）の公開鍵のアドレス { $uri } の鍵が、前回と異なります（{ $at }確認）。変更した覚えがない場合は、すぐに窓口へ連絡してください。
warn-keys-gone = 「{ $service }」（{ $portal }）の公開鍵のアドレス { $uri } を取得できません。このままでは認証に失敗します（{ $why }）。
warn-test-end = 「{ $service }」の接続確認環境の利用期間は{ $at }までです。続けて使うときは、期間の延長をご相談ください。
warn-suspension-near = 「{ $service }」は{ $at }に利用を停止する予定です。利用者への案内をご確認ください。
warn-resumption-near = 「{ $service }」は{ $at }に利用を再開する予定です。準備をご確認ください。
warn-termination-near = 「{ $service }」は{ $at }に利用を終了する予定です。終了すると元に戻せません。
warn-check-open = 「{ $service }」の本番動作確認が終わっていません。{ $tester }さんのリンクは{ $at }まで使えます。
warn-step-near = 「{ $service }」（受付番号{ $receipt }）の手続{ $step }の期限は{ $at }です。
warn-step-late = 「{ $service }」（受付番号{ $receipt }）の手続{ $step }の期限（{ $at }）を過ぎています。
warn-staff-late = 受付番号{ $receipt }の手続{ $step }が期限（{ $at }）を過ぎています。
warn-unconfirmed = { $portal }の{ $subject }の設定が、10分以上反映されていません（{ $why }）。
warn-unreachable = { $portal }のポータルと照合できない状態が続いています（{ $why }）。
warn-drift = { $portal }の{ $subject }の設定が、決めた内容と違っています。

mail-warning-subject = 【要確認】期限・設定のお知らせ
mail-warning-text =
    { $person } 様

    { $text }

    詳しくは、次のページをご覧ください。
    { $link }
mail-open-test-subject = 接続確認環境の設定が完了しました（受付番号{ $receipt }）
mail-open-test-text =
    { $person } 様

    「{ $service }」を{ $portal }（接続確認環境）に設定しました。接続に必要な情報は次のとおりです。

    クライアントID：{ $client }
    発行者（issuer）：{ $issuer }
    各エンドポイント：{ $issuer }/.well-known/openid-configuration

    次に行うこと：接続試験を実施し、完了したら接続試験完了報告書（様式4）を提出してください。
    { $link }
mail-open-check-subject = 本番動作確認の設定が完了しました（受付番号{ $receipt }）
mail-open-check-text =
    { $person } 様

    「{ $service }」を{ $portal }（本番環境）に、動作確認のために設定しました。申請された動作確認者だけが利用できます。

    クライアントID：{ $client }
    発行者（issuer）：{ $issuer }
    各エンドポイント：{ $issuer }/.well-known/openid-configuration

    動作確認者の皆さまには、それぞれにリンクをお送りしました。リンクを開いたブラウザで動作を確認してください。
    次に行うこと：動作確認が終わったら、本番環境動作確認完了報告書（様式10）を提出してください。
    { $link }
mail-started-subject = サービスの提供を開始しました（受付番号{ $receipt }）
mail-started-text =
    { $person } 様

    「{ $service }」は、{ $portal }（本番環境）ですべての利用者に開かれました。

    クライアントID：{ $client }
    発行者（issuer）：{ $issuer }

    { $link }
mail-changed-subject = 変更を本番環境に反映しました（受付番号{ $receipt }）
mail-changed-text =
    { $person } 様

    「{ $service }」の変更を{ $portal }（本番環境）に反映しました。

    クライアントID：{ $client }
    発行者（issuer）：{ $issuer }

    { $link }
mail-suspended-subject = 利用を停止しました（受付番号{ $receipt }）
mail-suspended-text =
    { $person } 様

    「{ $service }」の{ $portal }（本番環境）での利用を停止しました。
    クライアントID：{ $client }
    発行者（issuer）：{ $issuer }

    理由と今後については、次のページをご覧いただくか、お問い合わせください。
    { $link }
mail-tester-subject = 本番動作確認のリンク（{ $service }）
mail-tester-text =
    { $person } 様

    「{ $service }」の本番動作確認者として登録されました。動作確認に使うブラウザで次のリンクを開き、ボタンを押してください。
    { $link }

    ・リンクは、あなた専用です。ほかの人に渡さないでください。
    ・最初にボタンを押したブラウザと、最初に読み取ったあなたのマイナンバーカードだけで確認できます。
    ・{ $until }まで使えます（{ $portal }）。
mail-maintenance-subject = メンテナンスのお知らせ（{ $delivery }）
mail-maintenance-text =
    { $person } 様

    「{ $delivery }」は、次のとおりメンテナンスを行います。この間、属性連携と文書の取得ができません。

    日時：{ $from }から{ $until }まで
    内容：{ $note }

    { $link }
mail-maintenance-withdrawn-subject = メンテナンス取りやめのお知らせ（{ $delivery }）
mail-maintenance-withdrawn-text =
    { $person } 様

    お知らせしていた「{ $delivery }」のメンテナンス（{ $from }から{ $until }まで）は、取りやめになりました。
    内容：{ $note }

    { $link }
