start-title = 手続を始める
start-name = サービスの名称
start-name-hint = 手続を見分けるための名称です。正式な表示名は設定シートで入力します。
start-name-missing = サービスの名称を100文字以内で入力してください。
start-new-go = 申請を始める
start-go = { $what }を始める
start-running = 進行中：{ $what }
start-nothing = 今、始められる手続はありません。

case-line = 受付番号 { $receipt }、{ $step }
case-due = 期限：
case-overdue = 期限を過ぎています
case-opened = 始めた日時
case-now = 今：{ $step }
case-ours = あなたの組織の番です
case-colleagues = あなたの組織の編集者か所有者の番です
case-theirs = { $who }の番です
case-said = 運営からの連絡
case-said-return = 書類が差し戻されました
case-said-refuse = 不承諾の理由
case-planned = 予定の日時：
case-comments = （指摘{ $n }件）
case-steps = 手続の流れ
case-actor = 担当：{ $who }
case-forms = 提出した書類
case-ask = この手続について問い合わせる
case-log = 履歴
case-acted = 送信しました
case-raced = 同時に別の操作がありました
case-raced-text = 何も変更していません。今の状態を確かめてから、もう一度操作してください。
waiting-applicant = 対応してください
waiting-colleagues = 組織の編集者・所有者が対応中
waiting-desk = 運営が対応中
waiting-nobody = 終了
outcome-completed = 完了しました
outcome-withdrawn = 取り下げました
outcome-refused = 承諾されませんでした
step-done = 済み
step-now = 今ここ
step-later = これから
step-skipped = 省略
party-applicant = 申請者
party-staff = 運営
party-system = システム
form-status-untouched = 未入力
form-status-incomplete = 入力中（残り{ $n }件）
form-status-ready = 入力済み
form-version = 第{ $n }版
act-text-confirm = 伝えること
act-text-contact = 連絡の内容
act-text-accept = 伝えること
act-hint-confirm = 実施した日や結果など、必要なことを書いてください。
act-hint-contact = 予定の時期と理由を書いてください。届出フォームを開きます。
act-hint-accept = 意見があれば書いてください。
act-go-confirm = 実施したことを伝える
act-go-contact = 連絡する
act-go-accept = 合意する
reopen-title = 前の段階に戻って直す
reopen-text = 設定を直すときは、戻る段階と理由を書いてください。その段階からやり直します。
reopen-step = 戻る段階
withdraw-title = 取り下げる
withdraw-text = この手続をやめます。設定されたものがあれば、運営が閉じます。
event-open = 開始
event-confirm = 実施の確認
event-contact = 連絡
event-open_form = 届出フォームの送付
event-submit = 提出
event-review = 審査
event-return = 差し戻し
event-send_back = 再審査
event-approve = 承認
event-accept = 合意
event-applied = 設定の反映
event-apply_failed = 設定の反映の失敗
event-retry = 再実行
event-time_reached = 予定日時の到来
event-comment = 指摘
event-resolve = 指摘の解決
event-note = 記録
event-reopen = 前の段階への戻り
event-withdraw = 取下げ

form-back = 手続のページに戻る
form-edited = 最後に保存した人：{ $who }
form-done-saved = 下書きを保存しました
form-done-taken = ファイルの内容を取り込み、下書きを保存しました
form-done-text = 直すところがあります。下書きは保存されています。
form-warning = 確認してください
form-submitted-at = 提出日時
form-submitted-by = 提出した人
form-previous = 前の版（第{ $n }版）を見る
form-against-live = 変更した項目に、現在利用中の内容を示しています。
form-against-previous = 変更した項目に、前の版の内容を示しています。
field-comment = 運営からの指摘
field-changed = 変更あり
field-before = 変更前：
field-date = 西暦で入力してください（例：2026年 6月 1日）。
field-year = 年
field-month = 月
field-day = 日
field-keys = 鍵の作り方を見る
field-no-options = 今、選べるものがありません。運営にお問い合わせください。
field-files = 添付済みのファイル（{ $what }）
field-file-off = { $name } を外す
field-file-get = ダウンロード
field-row = { $n }件目
field-row-off = { $n }件目を削除
field-row-add = 保存して入力欄を増やす
conflict-title = 別の人が先に保存しました
conflict-text = { $who }が保存した内容と異なる項目があります。入力した内容は下に残っています。確認して保存すると、下の内容で上書きします。
conflict-theirs = 保存されている内容：
conflict-mine = あなたの入力：

sheet-title = Excelなどで記入する
sheet-text = この書類は、表計算ソフトでも記入できます。
sheet-get = .xlsxファイルをダウンロードする
sheet-file = 記入した.xlsxファイル
sheet-hint = 内容を確認してから取り込みます。アップロードしただけでは、下書きは変わりません。4MBまで。
sheet-go = アップロードして確認する
sheet-missing = ファイルを選んでください。
upload-title = アップロードした内容の確認
upload-findings = 直すところが{ $n }件あります
upload-findings-text = ファイルを直してもう一度アップロードするか、取り込んでから画面で直してください。
upload-fine = 誤りは見つかりませんでした
upload-changes = 下書きから変わる項目
upload-after = 変更後：
upload-same = 下書きと同じ内容です。
upload-take = 取り込む
upload-drop = 取り込まずに戻る
form-pdf = PDFでダウンロードする
form-xlsx = .xlsxでダウンロードする

check-title = 入力内容の確認と提出
check-changed = 内容が変わりました
check-changed-text = 確認したあとに、書類が変更されました。もう一度確認してから提出してください。
check-missing = 直すところが{ $n }件あります
check-declare = 提出すると、審査が終わるまで内容を変更できません。内容が正しいことを確認して、提出してください。
check-not-ready = 直すところが残っています。すべて直すと提出できます。
check-go = 提出する
submitted-title = 提出しました
submitted-mail = 確認のメールを、編集者と所有者に送信しました。
submitted-next = 次の手続
submitted-next-text = { $who }が対応します。
submitted-back = 手続のページへ

mail-submitted-subject = 【API利用申請窓口】書類を受け付けました（{ $receipt }-{ $no }）
mail-submitted-text =
    { $person } 様

    「{ $org }」から、次の書類を受け付けました。
    受付番号：{ $receipt }-{ $no }
    { $forms }

    手続の状況は、次のページで確認できます。
    { $link }
mail-your-turn-subject = 【API利用申請窓口】対応をお願いします（{ $service }、{ $receipt }）
mail-your-turn-text =
    { $person } 様

    「{ $org }」の次の手続で、対応が必要です。
    サービス：{ $service }
    手続：{ $procedure }
    受付番号：{ $receipt }
    段階：{ $step }

    内容と期限は、次のページで確認してください。
    { $link }
mail-returned-subject = 【API利用申請窓口】書類の差し戻しのお知らせ（{ $service }、{ $receipt }）
mail-returned-text =
    { $person } 様

    「{ $org }」から提出された書類に、直していただきたい点があります。
    サービス：{ $service }
    手続：{ $procedure }
    受付番号：{ $receipt }
    段階：{ $step }

    差し戻しの理由と指摘した項目は、次のページで確認してください。直したら、もう一度提出してください。
    { $link }
mail-closed-subject = 【API利用申請窓口】手続が終わりました（{ $service }、{ $receipt }）
mail-closed-text =
    { $person } 様

    「{ $org }」の次の手続が終わりました。
    サービス：{ $service }
    手続：{ $procedure }
    受付番号：{ $receipt }

    結果は、次のページで確認してください。
    { $link }
